package concept

import (
	"errors"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/homelab-iac/terraform-provider-homelab/internal/core"
)

func TestSubject_Refused_SaysTheSameOfEveryKind(t *testing.T) {
	changed := &core.ChangedError{Node: "helios", Stack: "db", Changes: []string{"create a", "remove b"}}
	taken := &core.ProblemsError{Problems: []core.Problem{{Attribute: "ipam[1].gateway", Detail: "It is taken."}}}
	for kind, noun := range map[string]string{"stack": "Stack", "network": "Network", "secret": "Secret"} {
		s := Subject{Kind: kind, Name: "db", Node: "helios"}
		requireOne(t, s.Refused(changed, ""), "Node changed since the plan", noun+` "db" on node "helios": applying would now also have to create a, remove b, `+
			"which the plan did not say. Nothing was changed. Plan again to see it.", path.Empty())
		requireOne(t, s.Refused(taken, ""), noun+" cannot be applied", "It is taken. Nothing was changed.", path.Root("ipam").AtListIndex(1).AtName("gateway"))
		if diags := s.Refused(errors.New("no answer"), ""); diags != nil {
			t.Errorf("%s: got %v of an error that refuses nothing", kind, diags)
		}
	}
	subnet := Subject{Kind: "subnet", Name: "db", Node: "helios", At: path.Root("attachments")}
	requireOne(t, subnet.Refused(changed, ""), "Node changed since the plan", `Subnet "db" on node "helios": applying would now also have to create a, remove b, `+
		"which the plan did not say. Nothing was changed. Plan again to see it.", path.Root("attachments"))
}

func TestSubject_NodeError_WrongName_IsAtTheNamesAttribute(t *testing.T) {
	wrong := away{unnamed: true}
	for place, s := range map[string]Subject{
		"name": {Kind: "node", Name: "helios"}, "node": {Kind: "stack", Name: "db", Node: "helios"},
		"attachments": {Kind: "subnet", Name: "db", Node: "helios", At: path.Root("attachments")},
	} {
		requireOne(t, s.NodeError(wrong), "Unable to reach node", "Nobody is there.", path.Root(place))
	}
	requireOne(t, Subject{Kind: "node", Name: "helios"}.NodeError(errors.New("no answer")), "Unable to read node", `Node "helios": no answer.`, path.Empty())
}

func TestAttributePath_Spellings(t *testing.T) {
	for spelled, want := range map[string]path.Path{
		"compose": path.Root("compose"), "overrides[1]": path.Root("overrides").AtListIndex(1),
		"ipam[0].aux_addresses.nas": path.Root("ipam").AtListIndex(0).AtName("aux_addresses").AtMapKey("nas"),
	} {
		if got := AttributePath(spelled); !got.Equal(want) {
			t.Errorf("%s: got %s, want %s", spelled, got, want)
		}
	}
}

func requireOne(t *testing.T, diags diag.Diagnostics, summary, detail string, at path.Path) {
	t.Helper()
	if len(diags) != 1 || diags[0].Summary() != summary || diags[0].Detail() != detail {
		t.Fatalf("got  %v\nwant %s: %s", diags, summary, detail)
	}
	got := path.Empty()
	if placed, ok := diags[0].(diag.DiagnosticWithPath); ok {
		got = placed.Path()
	}
	if !got.Equal(at) {
		t.Errorf("got it at %s, want %s", got, at)
	}
}
