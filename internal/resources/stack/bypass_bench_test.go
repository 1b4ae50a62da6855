package stack

import (
	"context"
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/stack/bypass"
)

// echoProvider has one resource, with a stack's schema, that answers with its state.
type echoProvider struct{ bypassed bool }

func (p echoProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "homelab"
}
func (p echoProvider) Schema(context.Context, provider.SchemaRequest, *provider.SchemaResponse) {}
func (p echoProvider) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {
}
func (p echoProvider) DataSources(context.Context) []func() datasource.DataSource { return nil }
func (p echoProvider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{func() resource.Resource { return echo(p) }}
}

type echo struct{ bypassed bool }

func (e echo) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "homelab_stack"
}
func (e echo) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = resourceSchema(ctx)
}
func (e echo) Create(context.Context, resource.CreateRequest, *resource.CreateResponse) {}
func (e echo) Update(context.Context, resource.UpdateRequest, *resource.UpdateResponse) {}
func (e echo) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}

func (e echo) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var m model
	resp.Diagnostics.Append(req.State.Get(ctx, &m)...)
	resp.Diagnostics.Append(e.pass(ctx, &m)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &m)...)
}

func (e echo) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	var state, plan model
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(e.pass(ctx, &state)...)
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &state)...)
}

func (e echo) pass(ctx context.Context, m *model) diag.Diagnostics {
	if !e.bypassed {
		return nil
	}
	diags := m.readBypassed(bypass.From(ctx).Prior)
	return append(diags, m.answer(ctx, null)...)
}

// BenchmarkPlan_TenServices is what reading and planning one stack of ten services
// with 25 fields each takes of the framework and of package bypass, without anything
// that is about the stack. ADR 57 has its figures.
func BenchmarkPlan_TenServices(b *testing.B) {
	state, config := tenServices(b)
	for name, bypassed := range map[string]bool{"bypass": true, "framework": false} {
		b.Run(name, func(b *testing.B) {
			server := providerserver.NewProtocol6(echoProvider{bypassed})()
			if bypassed {
				server = bypass.New(server, map[string]bypass.Resource{"homelab_stack": Bypassing})
			}
			for b.Loop() {
				read, err := server.ReadResource(b.Context(), &tfprotov6.ReadResourceRequest{TypeName: "homelab_stack", CurrentState: state})
				if err != nil || len(read.Diagnostics) > 0 {
					b.Fatal(err, read)
				}
				plan, err := server.PlanResourceChange(b.Context(), &tfprotov6.PlanResourceChangeRequest{TypeName: "homelab_stack",
					PriorState: state, ProposedNewState: state, Config: config})
				if err != nil || len(plan.Diagnostics) > 0 {
					b.Fatal(err, plan)
				}
			}
		})
	}
}

func tenServices(b *testing.B) (state, config *tfprotov6.DynamicValue) {
	b.Helper()
	of := resourceSchema(b.Context()).Type().TerraformType(b.Context()).(tftypes.Object)
	all := of.AttributeTypes["services"].(tftypes.Map)
	service := all.ElementType.(tftypes.Object)
	text := func(s string) tftypes.Value { return tftypes.NewValue(tftypes.String, s) }
	fields, services := map[string]tftypes.Value{}, map[string]tftypes.Value{}
	for i := range 25 {
		fields[fmt.Sprintf("environment.NAME_%d", i)] = text("a value")
	}
	for i := range 10 {
		services[fmt.Sprintf("service-%d", i)] = object(service, map[string]tftypes.Value{
			"image": text("nginx:1"), "digest": text("sha256:1"), "state": text("healthy"),
			"replicas": tftypes.NewValue(tftypes.Number, 1), "spec": tftypes.NewValue(service.AttributeTypes["spec"], fields),
		})
	}
	encode := func(values map[string]tftypes.Value) *tfprotov6.DynamicValue {
		value, err := tfprotov6.NewDynamicValue(of, object(of, values))
		if err != nil {
			b.Fatal(err)
		}
		return &value
	}
	values := map[string]tftypes.Value{"name": text("media"), "node": text("atlas"), "id": text("atlas/media")}
	config = encode(map[string]tftypes.Value{"name": values["name"], "node": values["node"]})
	values["services"] = tftypes.NewValue(all, services)
	return encode(values), config
}

// object is an object with some attributes, and the others null.
func object(of tftypes.Object, values map[string]tftypes.Value) tftypes.Value {
	complete := map[string]tftypes.Value{}
	for name, attribute := range of.AttributeTypes {
		complete[name] = tftypes.NewValue(attribute, nil)
	}
	for name, value := range values {
		complete[name] = value
	}
	return tftypes.NewValue(of, complete)
}
