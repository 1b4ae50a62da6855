package run

import (
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/check"
	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
)

func TestWorld_StackPlannedAgain_KeepsItsPlace(t *testing.T) {
	r := New()
	for _, name := range []string{"one", "two", "one"} {
		r.NoteStack("nas", check.Reservation{Stack: name}, []check.Network{{Name: name + "_default", Stack: name}})
	}
	for self, before := range map[string]bool{"one": false, "two": true} {
		w := r.World("nas", Stack(self), "")
		if len(w.Stacks) != 1 || w.Stacks[0].Before != before || len(w.Networks) != 1 || w.Networks[0].Before != before {
			t.Errorf("%s: %+v", self, w)
		}
	}
}

// A network that the stack no longer has is forgotten; what was noted of another
// resource's stays.
func TestNoteStack_NetworkGone_IsForgotten(t *testing.T) {
	r := New()
	r.NoteNetwork("nas", check.Network{Name: "lan"})
	r.NoteStack("nas", check.Reservation{Stack: "one"}, []check.Network{{Name: "old", Stack: "one"}})
	r.NoteStack("nas", check.Reservation{Stack: "one"}, []check.Network{{Name: "new", Stack: "one"}})
	var names []string
	for _, one := range r.World("nas", Stack("two"), "").Networks {
		names = append(names, one.Name)
	}
	if len(names) != 2 || names[0] != "lan" || names[1] != "new" {
		t.Errorf("networks: %q", names)
	}
}

// Who is told is decided by who was noted first.
func TestOwn_TwoResourcesOfOneThing_TheSecondIsTold(t *testing.T) {
	r := New()
	first, second := plan.Owner{Identity: "1", Name: `homelab_stack "home"`}, plan.Owner{Identity: "2", Name: `homelab_stack "away"`}
	r.own("nas", first, Stack("home"))
	r.own("nas", second, Stack("home"))
	if w := r.World("nas", Stack("home"), "1"); len(w.Owners) != 0 {
		t.Errorf("the first is told of %v", w.Owners)
	}
	if w := r.World("nas", Stack("home"), "2"); w.Owners[Stack("home")] != first.Name {
		t.Errorf("the second is told of %v", w.Owners)
	}
	r.disown("nas", first.Name)
	if r.IsOwned("nas", Stack("home")) {
		t.Error("it is owned after it was applied")
	}
}

// What a planner was handed is a value: a later note does not change it.
func TestWorld_LaterNote_DoesNotChangeIt(t *testing.T) {
	r := New()
	w := r.World("nas", Stack("one"), "")
	r.NoteSecret("nas", plan.PlannedSecret{Version: 2})
	r.NoteSubnet(check.Subnet{Name: "iot"})
	if len(w.Secrets)+len(w.Subnets) != 0 {
		t.Errorf("world: %+v", w)
	}
}
