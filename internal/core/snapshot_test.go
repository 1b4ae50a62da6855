package core

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/docker/docker/api/types/container"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

// crowded is an engine with so many stacks of ten containers each.
func crowded(stacks int) *fake {
	f := newFake()
	for i := range 10 * stacks {
		id := fmt.Sprintf("%064d", i)
		stack, service := fmt.Sprintf("s%d", i/10), fmt.Sprintf("c%d", i%10)
		f.Containers[id] = &container.InspectResponse{
			Config: &container.Config{Image: "app:1", Labels: map[string]string{desired.LabelProject: stack, desired.LabelService: service, desired.LabelStack: stack}},
			ContainerJSONBase: &container.ContainerJSONBase{ID: id, Name: stack + "-" + service, Image: "sha256:img-1", HostConfig: &container.HostConfig{},
				State: &container.State{Status: container.StateRunning}},
			NetworkSettings: &container.NetworkSettings{},
		}
	}
	return f
}

// A node is listed once for a plan, whatever the number of its stacks, and each
// of its containers and images is looked at once.
func TestPlan_ThirtyStacksOnANode_CostTheListsOfOne(t *testing.T) {
	for _, stacks := range []int{1, 30} {
		f := crowded(stacks)
		d := New(nodes{f}, registry{})
		for i := range stacks {
			want := home()
			want.Name = fmt.Sprintf("s%d", i)
			if _, exists, err := d.Stacks().Read(t.Context(), "nas", want.Name, Record{}, View{}); err != nil || !exists {
				t.Fatal(exists, err)
			}
			if _, err := d.Stacks().Preview(t.Context(), "nas", want, Record{}, PreviewOptions{}); err != nil {
				t.Fatal(err)
			}
		}
		for call, times := range map[string]int{"list containers": 1, "list networks": 1, "list volumes": 1, "inspect container": 10 * stacks, "inspect image": 1} {
			if n := f.Count(call); n != times {
				t.Errorf("%d stacks: %s %d times, not %d", stacks, call, n, times)
			}
		}
	}
}

// silent is an engine whose machine went away: a call ends after a while.
type silent struct {
	*fake
	after time.Duration
}

type gone struct{ error }

func (gone) Offline() bool { return true }

func (s silent) Engine(context.Context, string) (Engine, error) { return s, nil }

func (s silent) ContainerList(context.Context, container.ListOptions) ([]container.Summary, error) {
	unlock := s.Hold("list containers")
	unlock()
	time.Sleep(s.after)
	return nil, errors.New("no answer")
}

func (s silent) Explain(err error) error { return gone{err} }

// A node that goes away while Terraform runs costs a plan its time once, and an
// apply once for as long as that takes.
func TestRead_NodeWentAway_IsWaitedForOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := silent{newFake(), 15 * time.Second}
		d := New(s, registry{})
		read := func(times int) {
			t.Helper()
			if _, _, err := d.Stacks().Read(t.Context(), "nas", "home", Record{}, View{}); !Offline(err) {
				t.Fatalf("got %v", err)
			}
			if n := s.Count("list containers"); n != times {
				t.Errorf("it was asked %d times, not %d", n, times)
			}
		}
		read(1)
		time.Sleep(time.Hour)
		read(1)
		d.stacks.forget("nas") // as a write does: the node may be back
		read(2)
		d.stacks.forget("nas")
		read(2)
	})
}
