package stack

import (
	"context"
	"reflect"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/vmihailenco/msgpack/v5"

	"github.com/homelab-iac/terraform-provider-homelab/internal/core"
	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/stack/bypass"
)

// plans answers every plan with a view.
type plans struct {
	tfprotov6.ProviderServer

	m       model
	missing msgpack.RawMessage
}

func (p *plans) PlanResourceChange(ctx context.Context, req *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	if p.missing == nil {
		bypassUnknown(ctx)
	} else if diags := p.m.answer(ctx, p.missing); diags.HasError() {
		panic(diags)
	}
	return &tfprotov6.PlanResourceChangeResponse{PlannedState: req.ProposedNewState}, nil
}

// planned is what Terraform gets of a view, by attribute.
func planned(t *testing.T, p *plans) (types map[string]tftypes.Type, values map[string]tftypes.Value, encoded map[string][]byte) {
	t.Helper()
	types, encoded, names := map[string]tftypes.Type{}, map[string][]byte{}, map[string]any{}
	schema := resourceSchema(t.Context())
	for _, name := range Bypassing.Names {
		a := schema.Attributes[name]
		if !a.IsComputed() || a.IsOptional() {
			t.Errorf("%s can be configured: the framework has to see it", name)
		}
		types[name], names[name] = a.GetType().TerraformType(t.Context()), nil
	}
	object, err := msgpack.Marshal(names)
	if err != nil {
		t.Fatal(err)
	}
	server := bypass.New(p, map[string]bypass.Resource{"homelab_stack": Bypassing})
	resp, err := server.PlanResourceChange(t.Context(), &tfprotov6.PlanResourceChangeRequest{TypeName: "homelab_stack",
		ProposedNewState: &tfprotov6.DynamicValue{MsgPack: object}})
	if err != nil {
		t.Fatal(err)
	}
	value, err := resp.PlannedState.Unmarshal(tftypes.Object{AttributeTypes: types})
	if err != nil {
		t.Fatal(err)
	}
	if err := value.As(&values); err != nil {
		t.Fatal(err)
	}
	var raw map[string]msgpack.RawMessage
	if err := msgpack.Unmarshal(resp.PlannedState.MsgPack, &raw); err != nil {
		t.Fatal(err)
	}
	for name, value := range raw {
		encoded[name] = value
	}
	return types, values, encoded
}

func TestTell_View_IsOfTheSchemasTypesAndIsSeenAgain(t *testing.T) {
	digest, state, driver, internal := "sha256:1", "healthy", "bridge", true
	view := core.View{
		Services: map[string]core.Service{
			"web":  {Image: "nginx", Digest: &digest, Replicas: 300, State: &state, Spec: map[string]string{"environment.A": "1", "image": "nginx"}},
			"next": {Image: "nginx", Spec: map[string]string{}},
		},
		Networks: map[string]core.Network{"front": {Name: "p_front", Driver: &driver, Internal: &internal}, "back": {Name: "p_back", Spec: map[string]string{"a": "b"}}},
		Volumes:  map[string]core.Volume{"data": {Name: "p_data", Driver: &driver}, "other": {Name: "p_other"}},
	}
	for name, missing := range map[string]msgpack.RawMessage{"null": null, "unknown": unknown} {
		t.Run(name, func(t *testing.T) {
			types, values, encoded := planned(t, &plans{m: model{view: view}, missing: missing})
			var services, next map[string]tftypes.Value
			if err := values["services"].As(&services); err != nil {
				t.Fatal(err)
			}
			if err := services["next"].As(&next); err != nil {
				t.Fatal(err)
			}
			if d := next["digest"]; d.IsKnown() != (name == "null") {
				t.Errorf("a digest that nobody knows is %s, want %s", d, name)
			}
			if len(values) != len(types) {
				t.Errorf("got %d attributes, want %d", len(values), len(types))
			}
			var again model
			if diags := again.readBypassed(encoded); diags.HasError() {
				t.Fatal(diags)
			}
			if !again.wasRead || !reflect.DeepEqual(again.view, view) {
				t.Errorf("got %+v, want %+v", again.view, view)
			}
		})
	}
}

func TestSee_NullAndUnknown_AreTwoThings(t *testing.T) {
	_, values, encoded := planned(t, &plans{})
	var m model
	if diags := m.readBypassed(encoded); diags.HasError() || m.view.Services != nil || m.view.Networks != nil || m.view.Volumes != nil {
		t.Errorf("unknown is seen as %+v, want nil (%v)", m.view, diags)
	}
	if values["services"].IsKnown() {
		t.Error("services are known")
	}
	if diags := m.readBypassed(map[string][]byte{"services": null}); diags.HasError() || m.wasRead || m.view.Services == nil || m.view.Volumes == nil {
		t.Errorf("null is seen as %+v, want empty (%v)", m.view, diags)
	}
	if diags := m.readBypassed(map[string][]byte{"services": {0x01}}); !diags.HasError() {
		t.Error("what is not a map is accepted")
	}
}
