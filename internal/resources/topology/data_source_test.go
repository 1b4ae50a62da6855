package topology

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/homelab-iac/terraform-provider-homelab/internal/core"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
)

// house answers for nodes: with what they run, or an error.
type house struct {
	runs map[string]core.Inventory
	errs map[string]error
	more bool
}

func (h house) Names() ([]string, bool) {
	all := maps.Clone(h.errs)
	if all == nil {
		all = map[string]error{}
	}
	for name := range h.runs {
		all[name] = nil
	}
	return slices.Sorted(maps.Keys(all)), h.more
}

func (h house) Inventory(_ context.Context, node string) (core.Inventory, error) {
	if err := h.errs[node]; err != nil {
		return core.Inventory{}, err
	}
	have, known := h.runs[node]
	if !known {
		return have, refusal{"Unknown node", "There is no node " + node + ".", true, false}
	}
	return have, nil
}

// refusal is an error as the fleet writes it.
type refusal struct {
	summary, detail string
	name, later     bool
}

func (r refusal) Error() string           { return r.detail }
func (r refusal) Summary() string         { return r.summary }
func (r refusal) Detail() string          { return r.detail }
func (r refusal) NodeNameAtFault() bool   { return r.name }
func (r refusal) UnknownUntilApply() bool { return r.later }

// config is a configuration with the given arguments; the others are null.
func config(t *testing.T, given map[string]tftypes.Value) tfsdk.Config {
	t.Helper()
	s := dataSourceSchema()
	object, ok := s.Type().TerraformType(t.Context()).(tftypes.Object)
	if !ok {
		t.Fatal("the schema is no object")
	}
	values := map[string]tftypes.Value{}
	for name, kind := range object.AttributeTypes {
		values[name] = tftypes.NewValue(kind, nil)
	}
	maps.Copy(values, given)
	return tfsdk.Config{Schema: s, Raw: tftypes.NewValue(object, values)}
}

func text(value any) tftypes.Value { return tftypes.NewValue(tftypes.String, value) }

func texts(values ...string) tftypes.Value {
	list := []tftypes.Value{}
	for _, value := range values {
		list = append(list, text(value))
	}
	return tftypes.NewValue(tftypes.List{ElementType: tftypes.String}, list)
}

// stacks are objects with some attributes each; a nil one is unknown.
func stacks(t *testing.T, list ...map[string]tftypes.Value) tftypes.Value {
	t.Helper()
	s := dataSourceSchema()
	object, ok := s.Type().TerraformType(t.Context()).(tftypes.Object)
	if !ok {
		t.Fatal("the schema is no object")
	}
	kind := object.AttributeTypes["stacks"].(tftypes.List)
	element := kind.ElementType.(tftypes.Object)
	var values []tftypes.Value
	for _, given := range list {
		if given == nil {
			values = append(values, tftypes.NewValue(element, tftypes.UnknownValue))
			continue
		}
		attributes := map[string]tftypes.Value{}
		for name, kind := range element.AttributeTypes {
			attributes[name] = tftypes.NewValue(kind, nil)
		}
		maps.Copy(attributes, given)
		values = append(values, tftypes.NewValue(element, attributes))
	}
	return tftypes.NewValue(kind, values)
}

func stack(name, compose string) map[string]tftypes.Value {
	return map[string]tftypes.Value{"name": text(name), "compose": text(compose)}
}

func validate(t *testing.T, given map[string]tftypes.Value) diag.Diagnostics {
	t.Helper()
	var resp datasource.ValidateConfigResponse
	(&dataSource{}).ValidateConfig(t.Context(), datasource.ValidateConfigRequest{Config: config(t, given)}, &resp)
	return resp.Diagnostics
}

// read reads the data source, and returns its state where there is one.
func read(t *testing.T, engines Engines, given map[string]tftypes.Value) (model, datasource.ReadResponse) {
	t.Helper()
	c := config(t, given)
	resp := datasource.ReadResponse{State: tfsdk.State{Schema: c.Schema, Raw: tftypes.NewValue(c.Raw.Type(), nil)}}
	(&dataSource{engines}).Read(t.Context(), datasource.ReadRequest{Config: c}, &resp)
	var state model
	if !resp.Diagnostics.HasError() && !resp.State.Raw.IsNull() {
		if diags := resp.State.Get(t.Context(), &state); diags.HasError() {
			t.Fatal(diags)
		}
	}
	return state, resp
}

// said are diagnostics, a line each.
func said(diags diag.Diagnostics) string {
	var lines []string
	for _, d := range diags {
		line := fmt.Sprintf("%s: %s: %s", d.Severity(), d.Summary(), d.Detail())
		if placed, ok := d.(diag.DiagnosticWithPath); ok {
			line += " at " + placed.Path().String()
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func TestValidate_SourceAndStacks_HaveToGoTogether(t *testing.T) {
	unknown := text(tftypes.UnknownValue)
	web := stack("web", "services: {}")
	for name, c := range map[string]struct {
		given map[string]tftypes.Value
		want  string
	}{
		"nothing":           {nil, ""},
		"stacks alone":      {map[string]tftypes.Value{"stacks": stacks(t, web)}, ""},
		"unknown source":    {map[string]tftypes.Value{"stacks": stacks(t, web), "source": unknown}, ""},
		"unknown stack":     {map[string]tftypes.Value{"stacks": stacks(t, nil, web)}, ""},
		"unknown compose":   {map[string]tftypes.Value{"stacks": stacks(t, map[string]tftypes.Value{"name": unknown, "compose": unknown})}, ""},
		"declared, without": {map[string]tftypes.Value{"source": text("declared")}, "Error: Missing stacks: The declared homelab is drawn from stacks. List them"},
		"running, with":     {map[string]tftypes.Value{"source": text("running"), "stacks": stacks(t, web)}, "Error: Stacks not used: The running homelab"},
		"no compose": {map[string]tftypes.Value{"stacks": stacks(t, web, map[string]tftypes.Value{"name": text("b")})},
			"Error: Missing attribute: stacks[1] has no compose. List homelab_stack resources, or set name and compose of each stack. at stacks[1].compose"},
	} {
		t.Run(name, func(t *testing.T) {
			got := said(validate(t, c.given))
			if (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
				t.Errorf("said %q, want %q", got, c.want)
			}
		})
	}
}

func TestRead_Declared_AsksNoNode(t *testing.T) {
	state, resp := read(t, nil, map[string]tftypes.Value{"stacks": stacks(t, stack("web", "services: {app: {image: x, ports: ['80:80']}}"))})
	if len(resp.Diagnostics) > 0 {
		t.Fatal(said(resp.Diagnostics))
	}
	if !strings.Contains(state.Mermaid.ValueString(), `["app<br/>:80"]:::exposed`) || !strings.Contains(state.Markdown.ValueString(), "```mermaid\n") ||
		state.Source.ValueString() != "declared" || state.Counts.Exposed.ValueInt64() != 1 || state.Omitted.IsNull() || state.GroupBy.ValueString() != "node" {
		t.Errorf("%+v", state)
	}
}

func TestRead_DeclaredSubnet_IsTheVLANOfTheExternalNetwork(t *testing.T) {
	object, ok := dataSourceSchema().Type().TerraformType(t.Context()).(tftypes.Object)
	if !ok {
		t.Fatal("the schema is no object")
	}
	kind := object.AttributeTypes["subnets"].(tftypes.List)
	given := map[string]tftypes.Value{
		"subnets": tftypes.NewValue(kind, []tftypes.Value{tftypes.NewValue(kind.ElementType, map[string]tftypes.Value{
			"name": text("iot"), "vlan_id": tftypes.NewValue(tftypes.Number, 30), "cidr": text("10.0.30.0/24"), "driver": text("macvlan")})}),
		"stacks": stacks(t, stack("home", "services: {broker: {image: x, networks: [iot]}}\nnetworks: {iot: {external: true, name: iot}}")),
	}
	state, resp := read(t, nil, given)
	for _, want := range []string{`{{"iot<br/>10.0.30.0/24<br/>macvlan"}}:::network`, `vlan_30[["VLAN 30<br/>10.0.30.0/24"]]:::vlan`, "svc_local_home_broker -.- net_local_iot", "net_local_iot --- vlan_30"} {
		if !strings.Contains(state.Mermaid.ValueString(), want) {
			t.Errorf("no %s in\n%s%s", want, state.Mermaid.ValueString(), said(resp.Diagnostics))
		}
	}
	delete(given, "stacks")
	if got := said(validate(t, given)); !strings.HasPrefix(got, "Error: Subnets not used: ") {
		t.Error(got)
	}
}

func TestRead_DeclaredForNodes_DrawsThemAlone(t *testing.T) {
	there := stack("there", "services: {app: {image: x}}")
	there["node"] = text("there")
	state, resp := read(t, nil, map[string]tftypes.Value{"stacks": stacks(t, stack("here", "services: {other: {image: x}}"), there), "nodes": texts("there", "empty")})
	got := state.Mermaid.ValueString()
	if len(resp.Diagnostics) > 0 || strings.Contains(got, "other") || !strings.Contains(got, `["app"]`) || !strings.Contains(got, `["no stacks"]`) {
		t.Errorf("%s\n%s", said(resp.Diagnostics), got)
	}
}

func TestRead_BadStacks_AreNamedWithTheirPlace(t *testing.T) {
	good, bad := stack("web", "services: {app: {image: x}}"), stack("bad", "services:\n  app: {image: x, prots: []}")
	_, resp := read(t, nil, map[string]tftypes.Value{"stacks": stacks(t, good, bad, good)})
	got := said(resp.Diagnostics)
	for _, want := range []string{`Invalid Compose project: Stack "bad", line 2: `, "at stacks[1].compose", `Stack listed twice: Stack "web" on node "local" is stacks[0] already.`, "at stacks[2].name"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

func TestRead_NodesAway_AreDrawnWithAWarning(t *testing.T) {
	engines := house{
		runs: map[string]core.Inventory{"atlas": {Containers: []core.RunningContainer{{ID: "1", Name: "web", State: observed.Running}}}},
		errs: map[string]error{
			"pi": refusal{"Unable to reach node", `Node "pi": it is off.`, false, false}, "new": refusal{"Node not known until apply", "Later.", false, true},
			"odd": errors.New("read: broken pipe"),
		},
	}
	state, resp := read(t, engines, nil)
	got := state.Mermaid.ValueString()
	for _, want := range []string{`node_pi["pi#nbsp;(offline)"]`, `node_new["new#nbsp;(not#nbsp;known#nbsp;until#nbsp;apply)"]`, `node_odd["odd#nbsp;(offline)"]`, `ctr_atlas_web["web"]`} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in\n%s", want, got)
		}
	}
	warned := said(resp.Diagnostics)
	for _, want := range []string{
		"Warning: Unable to reach node: Node \"pi\": it is off.\n\nThe diagram shows the node as offline.", `Warning: Unable to read node: Node "odd": read: broken pipe.`,
		`Warning: Node not known until apply: The connection to node "new" depends on values that are only known at apply`,
	} {
		if !strings.Contains(warned, want) {
			t.Errorf("no %q in\n%s", want, warned)
		}
	}
	if resp.Diagnostics.HasError() || state.Counts.AbsentNodes.ValueInt64() != 3 {
		t.Errorf("%s, %+v", warned, state.Counts)
	}
}

func TestRead_NodeThatIsNone_IsAnErrorAtItsPlace(t *testing.T) {
	_, resp := read(t, house{runs: map[string]core.Inventory{"atlas": {}}}, map[string]tftypes.Value{"nodes": texts("atlas", "atals")})
	if got := said(resp.Diagnostics); got != "Error: Unknown node: There is no node atals. at nodes[1]" {
		t.Error(got)
	}
}

func TestRead_NodesNotKnownYet_IsPutOffOrSaid(t *testing.T) {
	state, resp := read(t, house{more: true}, nil)
	if got := said(resp.Diagnostics); !strings.HasPrefix(got, "Warning: Nodes not known until apply") || state.Mermaid.ValueString() != "flowchart LR\n" {
		t.Errorf("%s\n%s", got, state.Mermaid.ValueString())
	}
	c := config(t, nil)
	deferred := datasource.ReadResponse{State: tfsdk.State{Schema: c.Schema}}
	(&dataSource{house{more: true}}).Read(t.Context(), datasource.ReadRequest{Config: c, ClientCapabilities: datasource.ReadClientCapabilities{DeferralAllowed: true}}, &deferred)
	if deferred.Deferred == nil || len(deferred.Diagnostics) > 0 {
		t.Errorf("%+v", deferred)
	}
}

func TestRead_TooLarge_WarnsOfWhatIsLeftOut(t *testing.T) {
	var have core.Inventory
	for i := range 4000 {
		have.Containers = append(have.Containers, core.RunningContainer{
			ID: fmt.Sprint(i), Name: fmt.Sprintf("a-container-with-quite-a-name-%d", i), Stack: fmt.Sprint("stack-", i%40), Service: fmt.Sprint("service-of-the-stack-", i), State: observed.Running})
	}
	state, resp := read(t, house{runs: map[string]core.Inventory{"atlas": have}}, nil)
	got := said(resp.Diagnostics)
	if !strings.HasPrefix(got, "Warning: Diagram shortened: The complete homelab is more than GitHub draws in one diagram (50000 characters, 500 lines), so this was left out: only the number of services") {
		t.Error(got)
	}
	if len(state.Omitted.Elements()) != 1 || state.Counts.Services.ValueInt64() != 4000 {
		t.Errorf("%v %+v", state.Omitted, state.Counts)
	}
}
