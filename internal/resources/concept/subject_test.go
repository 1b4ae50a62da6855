package concept

import (
	"errors"
	"strings"
	"testing"
)

// away is a node's error that says what it is.
type away struct{ later, keeps, unnamed, offline bool }

func (away) Error() string             { return "no answer" }
func (away) Summary() string           { return "Unable to reach node" }
func (away) Detail() string            { return "Nobody is there." }
func (a away) UnknownUntilApply() bool { return a.later }
func (a away) KeepsState() bool        { return a.keeps }
func (a away) NodeNameAtFault() bool   { return a.unnamed }
func (a away) Offline() bool           { return a.offline }

func TestSubject_Read_SaysWhyAndWhatStands(t *testing.T) {
	s := Subject{Kind: "secret", Name: "db", Node: "helios"}
	for name, c := range map[string]struct {
		err            error
		neverRead      bool
		severity, says string
	}{
		"known at apply":           {err: away{later: true}},
		"known at apply, imported": {away{later: true}, true, "Error", "there is nothing to import from yet"},
		"kept":                     {away{keeps: true}, false, "Warning", `The secret "db" is shown as it was last seen`},
		"kept, imported":           {away{keeps: true}, true, "Error", "Nobody is there."},
		"not configured":           {away{unnamed: true}, false, "Error", "homelab_secret.NAME"},
		"away":                     {away{offline: true}, false, "Error", "Nobody is there."},
		"refused":                  {errors.New("permission denied"), false, "Error", `Secret "db" on node "helios": permission denied.`},
	} {
		diags := s.Read(c.err, c.neverRead)
		if c.says == "" && len(diags) == 0 {
			continue
		}
		if len(diags) != 1 || diags[0].Severity().String() != c.severity || c.says == "" || !strings.Contains(diags[0].Detail(), c.says) {
			t.Errorf("%s: %v", name, diags)
		}
	}
	if diags := s.NotDestroyed(away{offline: true}); len(diags) != 1 || !strings.Contains(diags[0].Detail(), "terraform state rm ADDRESS forgets the secret") {
		t.Errorf("away when destroyed: %v", diags)
	}
	if diags := s.NotApplied(away{offline: true}); len(diags) != 1 || !strings.Contains(diags[0].Detail(), `Nothing of the secret "db" was changed`) {
		t.Errorf("away when applied: %v", diags)
	}
}
