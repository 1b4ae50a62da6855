package bypass_test

import (
	"context"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/stack/bypass"
)

var (
	thing = tftypes.Object{AttributeTypes: map[string]tftypes.Type{"name": tftypes.String, "seen": tftypes.Map{ElementType: tftypes.String}}}
	kinds = map[string]bypass.Resource{"test_thing": {Version: 1, Names: []string{"seen"}, Types: func(context.Context) map[string]tftypes.Type {
		return map[string]tftypes.Type{"seen": thing.AttributeTypes["seen"]}
	}}}
)

// object is a thing as Terraform sends it; seen nil is null.
func object(t *testing.T, name string, seen any) *tfprotov6.DynamicValue {
	t.Helper()
	if values, ok := seen.(map[string]string); ok {
		elements := map[string]tftypes.Value{}
		for key, value := range values {
			elements[key] = tftypes.NewValue(tftypes.String, value)
		}
		seen = elements
	}
	v, err := tfprotov6.NewDynamicValue(thing, tftypes.NewValue(thing, map[string]tftypes.Value{
		"name": tftypes.NewValue(tftypes.String, name), "seen": tftypes.NewValue(thing.AttributeTypes["seen"], seen)}))
	if err != nil {
		t.Fatal(err)
	}
	return &v
}

func text(t *testing.T, v *tfprotov6.DynamicValue) string {
	t.Helper()
	value, err := v.Unmarshal(thing)
	if err != nil {
		t.Fatal(err)
	}
	return value.String()
}

// framework answers with what it was sent, with another word for seen where own
// is set, and notes what it was sent.
type framework struct {
	other bool // it serves a resource of which nothing bypasses it
	tfprotov6.ProviderServer

	t      *testing.T
	own    any
	answer map[string][]byte
	sent   []string
	values *bypass.Values
}

func (f *framework) see(ctx context.Context, objects ...*tfprotov6.DynamicValue) *tfprotov6.DynamicValue {
	for _, o := range objects {
		f.sent = append(f.sent, text(f.t, o))
	}
	if !f.other {
		f.values = bypass.From(ctx)
	}
	if f.answer != nil {
		f.values.Answer(f.answer)
	}
	if f.own != nil {
		return object(f.t, "n", f.own)
	}
	return objects[len(objects)-1]
}

func (f *framework) ReadResource(ctx context.Context, req *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	return &tfprotov6.ReadResourceResponse{NewState: f.see(ctx, req.CurrentState)}, nil
}

func (f *framework) PlanResourceChange(ctx context.Context, req *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	return &tfprotov6.PlanResourceChangeResponse{PlannedState: f.see(ctx, req.PriorState, req.ProposedNewState)}, nil
}

func (f *framework) ApplyResourceChange(ctx context.Context, req *tfprotov6.ApplyResourceChangeRequest) (*tfprotov6.ApplyResourceChangeResponse, error) {
	return &tfprotov6.ApplyResourceChangeResponse{NewState: f.see(ctx, req.PriorState, req.PlannedState)}, nil
}

// calls makes each of the three calls with a state and a plan, and returns what
// Terraform gets.
func calls(t *testing.T, f *framework, kind string, prior, planned *tfprotov6.DynamicValue) map[string]*tfprotov6.DynamicValue {
	t.Helper()
	server, got := bypass.New(f, kinds), map[string]*tfprotov6.DynamicValue{}
	read, err := server.ReadResource(t.Context(), &tfprotov6.ReadResourceRequest{TypeName: kind, CurrentState: prior})
	if err != nil {
		t.Fatal(err)
	}
	plan, err := server.PlanResourceChange(t.Context(), &tfprotov6.PlanResourceChangeRequest{TypeName: kind, PriorState: prior, ProposedNewState: planned})
	if err != nil {
		t.Fatal(err)
	}
	apply, err := server.ApplyResourceChange(t.Context(), &tfprotov6.ApplyResourceChangeRequest{TypeName: kind, PriorState: prior, PlannedState: planned})
	if err != nil {
		t.Fatal(err)
	}
	got["read"], got["plan"], got["apply"] = read.NewState, plan.PlannedState, apply.NewState
	return got
}

func TestServer_Attribute_BypassesAndComesBack(t *testing.T) {
	before, after := map[string]string{"a": "1"}, map[string]string{"b": "2"}
	prior, planned := object(t, "n", before), object(t, "n", after)
	f := &framework{t: t}
	for call, got := range calls(t, f, "test_thing", prior, planned) {
		if want := text(t, prior); text(t, got) != want {
			t.Errorf("%s without an answer gives %s, want the state's %s", call, text(t, got), want)
		}
	}
	for _, sent := range f.sent {
		if want := text(t, object(t, "n", nil)); sent != want {
			t.Errorf("the framework was sent %s, want %s", sent, want)
		}
	}
	answered := &framework{t: t, answer: f.values.Planned}
	for call, got := range calls(t, answered, "test_thing", prior, planned) {
		if want := text(t, planned); text(t, got) != want {
			t.Errorf("%s gives %s, want the answer, %s", call, text(t, got), want)
		}
	}
}

func TestServer_FrameworkSaysUnknown_StaysUnlessAnswered(t *testing.T) {
	prior := object(t, "n", map[string]string{"a": "1"})
	for call, got := range calls(t, &framework{t: t, own: tftypes.UnknownValue}, "test_thing", prior, prior) {
		if want := text(t, object(t, "n", tftypes.UnknownValue)); text(t, got) != want {
			t.Errorf("%s gives %s, want %s", call, text(t, got), want)
		}
	}
}

func TestServer_NoObject_StaysNone(t *testing.T) {
	none, err := tfprotov6.NewDynamicValue(thing, tftypes.NewValue(thing, nil))
	if err != nil {
		t.Fatal(err)
	}
	f := &framework{t: t, answer: map[string][]byte{"seen": {0x80}}}
	for call, got := range calls(t, f, "test_thing", &none, &none) {
		if text(t, got) != text(t, &none) {
			t.Errorf("%s gives %s, want none", call, text(t, got))
		}
	}
	if len(f.values.Prior)+len(f.values.Planned) != 0 {
		t.Errorf("got values %v of no object", f.values)
	}
}

// Without a server in front state would lose what the node has.
func TestFrom_NoServerInFront_Panics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("it goes on")
		}
	}()
	bypass.From(t.Context())
}

func TestServer_OtherResource_IsLeftAlone(t *testing.T) {
	prior := object(t, "n", map[string]string{"a": "1"})
	f := &framework{t: t, other: true}
	for call, got := range calls(t, f, "test_other", prior, prior) {
		if text(t, got) != text(t, prior) {
			t.Errorf("%s gives %s", call, text(t, got))
		}
	}
	for _, sent := range f.sent {
		if sent != text(t, prior) {
			t.Errorf("the framework was sent %s", sent)
		}
	}
}

func TestServer_NotWhatTerraformSends_IsAnError(t *testing.T) {
	broken := &tfprotov6.DynamicValue{MsgPack: []byte{0x81, 0xa4}}
	if _, err := bypass.New(&framework{t: t}, kinds).ReadResource(t.Context(), &tfprotov6.ReadResourceRequest{TypeName: "test_thing", CurrentState: broken}); err == nil {
		t.Error("a broken object is accepted")
	}
}
