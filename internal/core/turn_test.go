package core

import (
	"context"
	"errors"
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

func TestCore_CancelledWhileSomebodyElseWritesTheSame_ReturnsAtOnce(t *testing.T) {
	v := newVault()
	door := New(v, registry{})
	for _, thing := range []string{"create home", "directories", secretTurn + "db"} {
		end, err := door.stacks.run.Turn(t.Context(), "nas", thing)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(end)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, stack := door.Stacks().Apply(ctx, "nas", &desired.Stack{Name: "home"}, Record{}, ApplyOptions{})
	_, directories := door.Nodes().ApplyDirectories(ctx, "nas", "keeper", []desired.Directory{{Path: "/srv"}}, nil)
	secret := door.Secrets().Destroy(ctx, "nas", "db", nil)
	for _, err := range []error{stack, directories, secret} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	}
}
