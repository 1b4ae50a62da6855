package topology

import (
	"context"
	"fmt"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/homelab-iac/terraform-provider-homelab/internal/compose"
	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/concept"
	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/topology/diagram"
)

// model is the data source as Terraform holds it.
type model struct {
	Source           types.String `tfsdk:"source"`
	Nodes            types.List   `tfsdk:"nodes"`
	Stacks           types.List   `tfsdk:"stacks"`
	Subnets          types.List   `tfsdk:"subnets"`
	CriticalityLabel types.String `tfsdk:"criticality_label"`
	GroupBy          types.String `tfsdk:"group_by"`
	Direction        types.String `tfsdk:"direction"`
	Show             types.Set    `tfsdk:"show"`
	Mermaid          types.String `tfsdk:"mermaid"`
	Markdown         types.String `tfsdk:"markdown"`
	Omitted          types.List   `tfsdk:"omitted"`
	Counts           *countsModel `tfsdk:"counts"`
}

type stackModel struct {
	Name             types.String `tfsdk:"name"`
	Node             types.String `tfsdk:"node"`
	Compose          types.String `tfsdk:"compose"`
	Overrides        types.List   `tfsdk:"overrides"`
	ProjectDirectory types.String `tfsdk:"project_directory"`
	Profiles         types.List   `tfsdk:"profiles"`
	Variables        types.Map    `tfsdk:"variables"`
}

type subnetModel struct {
	Name   types.String `tfsdk:"name"`
	VLANID types.Int64  `tfsdk:"vlan_id"`
	CIDR   types.String `tfsdk:"cidr"`
	Driver types.String `tfsdk:"driver"`
}

type countsModel struct {
	Nodes        types.Int64 `tfsdk:"nodes"`
	AbsentNodes  types.Int64 `tfsdk:"absent_nodes"`
	Stacks       types.Int64 `tfsdk:"stacks"`
	Services     types.Int64 `tfsdk:"services"`
	Networks     types.Int64 `tfsdk:"networks"`
	VLANs        types.Int64 `tfsdk:"vlans"`
	Hosts        types.Int64 `tfsdk:"hosts"`
	Ports        types.Int64 `tfsdk:"ports"`
	Exposed      types.Int64 `tfsdk:"exposed"`
	Dependencies types.Int64 `tfsdk:"dependencies"`
	Stopped      types.Int64 `tfsdk:"stopped"`
	Unhealthy    types.Int64 `tfsdk:"unhealthy"`
}

// setDefaults fills in what the configuration leaves out.
func (m *model) setDefaults(ctx context.Context) diag.Diagnostics {
	orDefault := func(value *types.String, standard string) {
		if value.IsNull() {
			*value = types.StringValue(standard)
		}
	}
	source := sourceRunning
	if !m.Stacks.IsNull() {
		source = sourceDeclared
	}
	orDefault(&m.Source, source)
	orDefault(&m.CriticalityLabel, defaultCriticality)
	orDefault(&m.GroupBy, string(diagram.ByNode))
	orDefault(&m.Direction, defaultDirection)
	var diags diag.Diagnostics
	if m.Show.IsNull() {
		m.Show, diags = types.SetValueFrom(ctx, types.StringType, defaultShow)
	}
	return diags
}

func (m *model) options(ctx context.Context) (diagram.Options, diag.Diagnostics) {
	o := diagram.Options{GroupBy: diagram.GroupBy(m.GroupBy.ValueString()), Direction: m.Direction.ValueString()}
	diags := m.Show.ElementsAs(ctx, &o.Show, false)
	return o, diags
}

// nodeNames are the nodes that the configuration names; nil for none.
func (m *model) nodeNames(ctx context.Context) ([]string, diag.Diagnostics) {
	var names []string
	diags := m.Nodes.ElementsAs(ctx, &names, true)
	return names, diags
}

// checkStacks reports stacks that lack what each must have, as far as is known.
func (m *model) checkStacks() diag.Diagnostics {
	var diags diag.Diagnostics
	for i, element := range m.Stacks.Elements() {
		object, ok := element.(types.Object)
		if !ok || object.IsUnknown() {
			continue
		}
		for _, name := range []string{"name", "compose"} {
			if value, ok := object.Attributes()[name]; !ok || value.IsNull() {
				at := path.Root("stacks").AtListIndex(i).AtName(name)
				diags.AddAttributeError(at, "Missing attribute",
					fmt.Sprintf("stacks[%d] has no %s. List homelab_stack resources, or set name and compose of each stack.", i, name))
			}
		}
	}
	return diags
}

// describe says of external networks that are declared VLANs what they are.
func (m *model) describe(ctx context.Context, h *diagram.Homelab) diag.Diagnostics {
	var subnets []subnetModel
	diags := m.Subnets.ElementsAs(ctx, &subnets, true)
	byName := map[string]subnetModel{}
	for _, s := range subnets {
		byName[s.Name.ValueString()] = s
	}
	for i := range h.Nodes {
		for j := range h.Nodes[i].Networks {
			n := &h.Nodes[i].Networks[j]
			s, found := byName[n.Name]
			if !found || n.Stack != "" {
				continue
			}
			n.VLAN, n.Driver = int(s.VLANID.ValueInt64()), s.Driver.ValueString()
			if !s.CIDR.IsNull() {
				n.Subnets = []string{s.CIDR.ValueString()}
			}
		}
	}
	return diags
}

// declarations loads the stacks that are meant for the given nodes, nil for all.
func (m *model) declarations(ctx context.Context, nodes []string) ([]declaration, diag.Diagnostics) {
	var stacks []stackModel
	diags := m.Stacks.ElementsAs(ctx, &stacks, false)
	var out []declaration
	seen := map[[2]string]int{}
	for i, s := range stacks {
		at := path.Root("stacks").AtListIndex(i)
		node := defaultNode
		if !s.Node.IsNull() {
			node = s.Node.ValueString()
		}
		key := [2]string{node, s.Name.ValueString()}
		if first, twice := seen[key]; twice {
			diags.AddAttributeError(at.AtName("name"), "Stack listed twice",
				fmt.Sprintf("Stack %q on node %q is stacks[%d] already. List each stack once.", key[1], key[0], first))
			continue
		}
		seen[key] = i
		if nodes != nil && !slices.Contains(nodes, node) {
			continue
		}
		in, d := s.input(ctx)
		diags.Append(d...)
		stack, err := compose.Outline(ctx, in)
		diags.Append(composeErrors(err, at, key[1])...)
		out = append(out, declaration{node, stack})
	}
	return out, diags
}

func (s *stackModel) input(ctx context.Context) (compose.Input, diag.Diagnostics) {
	return concept.Documents{
		Name: s.Name.ValueString(), Compose: s.Compose.ValueString(), ProjectDirectory: s.ProjectDirectory.ValueString(),
		Overrides: s.Overrides, Profiles: s.Profiles, Variables: s.Variables,
	}.Input(ctx)
}

// draw sets the results.
func (m *model) draw(ctx context.Context, h diagram.Homelab, o diagram.Options) (diagram.Diagram, diag.Diagnostics) {
	d := diagram.Draw(h, o)
	m.Mermaid = types.StringValue(d.Mermaid)
	m.Markdown = types.StringValue(diagram.Markdown(d))
	omitted, diags := types.ListValueFrom(ctx, types.StringType, append([]string{}, d.Omitted...))
	m.Omitted = omitted
	c := diagram.Count(h)
	number := func(n int) types.Int64 { return types.Int64Value(int64(n)) }
	m.Counts = &countsModel{
		Nodes: number(c.Nodes), AbsentNodes: number(c.AbsentNodes), Stacks: number(c.Stacks), Services: number(c.Services),
		Networks: number(c.Networks), VLANs: number(c.VLANs), Hosts: number(c.Hosts), Ports: number(c.Ports), Exposed: number(c.Exposed),
		Dependencies: number(c.Dependencies), Stopped: number(c.Stopped), Unhealthy: number(c.Unhealthy),
	}
	return d, diags
}
