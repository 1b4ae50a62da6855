package execute

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/container"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
)

var errBusy = errors.New("device or resource busy")

// busy refuses to remove, and fails where a removal could hang.
func busy(t *testing.T, fails string) func(ctx context.Context, call string) error {
	return func(ctx context.Context, call string) error {
		switch {
		case strings.HasPrefix(call, "remove "):
			if _, limited := ctx.Deadline(); !limited || ctx.Err() != nil {
				t.Errorf("%s: no deadline, or it has passed: %v", call, ctx.Err())
			}
			return errBusy
		case strings.HasPrefix(call, fails):
			return errFull
		}
		return nil
	}
}

func TestRun_HelperContainerStays_ErrorNamesItBesideTheCause(t *testing.T) {
	r := func(f *fake) *run { return newRun(f, &desired.Stack{Name: "home"}, &plan.Plan{}, Options{}) }
	file := plan.Placement{File: desired.File{Kind: desired.FileConfig, Name: "c", Entries: []desired.Entry{{Path: desired.FileEntry}}}}
	for name, c := range map[string]struct {
		fails string
		do    func(f *fake) error
		cause error
	}{
		"delivery":       {"", func(f *fake) error { return r(f).deliver(t.Context(), &plan.Operation{Name: "vol", File: &file}) }, errBusy},
		"delivery fails": {"copy ", func(f *fake) error { return r(f).deliver(t.Context(), &plan.Operation{Name: "vol", File: &file}) }, errFull},
		"hook":           {"", func(f *fake) error { return around(t, f, plan.StartContainer, false) }, errBusy},
		"hook fails":     {"start new-", func(f *fake) error { return around(t, f, plan.StartContainer, false) }, errFull},
	} {
		t.Run(name, func(t *testing.T) {
			f := &fake{fault: busy(t, "\x00"), state: map[string]*container.State{"new-": {Status: container.StateExited}}}
			if c.fails != "" {
				f.fault = busy(t, c.fails)
			}
			err := c.do(f)
			if !errors.Is(err, c.cause) || err == nil || !strings.Contains(err.Error(), "is left on the node: device or resource busy") {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestRemoveNote_RunEnded_HasADeadline(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := RemoveNote(ctx, &fake{fault: busy(t, "\x00")}, desired.Note{Kind: desired.NoteStack, Name: "home"}); !errors.Is(err, errBusy) {
		t.Errorf("got %v", err)
	}
}
