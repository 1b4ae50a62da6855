// Package provider is the root of the Terraform provider: its schema, its
// configuration, and the lists of what it offers.
package provider

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/homelab-iac/terraform-provider-homelab/internal/core"
	"github.com/homelab-iac/terraform-provider-homelab/internal/engine/fleet"
	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/concept"
	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/image"
	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/network"
	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/node"
	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/pki"
	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/secret"
	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/sopsfile"
	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/stack"
	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/stack/bypass"
	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/subnet"
	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/topology"
)

var (
	_ provider.Provider                       = (*homelab)(nil)
	_ provider.ProviderWithValidateConfig     = (*homelab)(nil)
	_ provider.ProviderWithEphemeralResources = (*homelab)(nil)
)

// NewServer returns a constructor of the provider's server.
func NewServer(version string) func() tfprotov6.ProviderServer {
	gate := &sopsfile.Gate{}
	framework := providerserver.NewProtocol6(&homelab{version: version, gate: gate})
	return func() tfprotov6.ProviderServer {
		server := bypass.New(framework(), map[string]bypass.Resource{"homelab_stack": stack.Bypassing})
		return sopsfile.NewServer(server, gate)
	}
}

type homelab struct {
	version string
	gate    *sopsfile.Gate
}

// Metadata sets the type name and the version.
func (p *homelab) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName, resp.Version = "homelab", p.version
}

// Schema sets the schema of the provider block.
func (p *homelab) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = providerSchema()
}

// ValidateConfig reports nodes and registries that can never work, each at its
// attribute.
func (p *homelab) ValidateConfig(ctx context.Context, req provider.ValidateConfigRequest, resp *provider.ValidateConfigResponse) {
	var m model
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	nodes, _, diags := m.nodes(ctx)
	resp.Diagnostics.Append(diags...)
	if diags.HasError() {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(nodes)) {
		resp.Diagnostics.Append(explain(fleet.Check(name, nodes[name]))...)
	}
	settings, _, diags := m.registries(ctx)
	resp.Diagnostics.Append(diags...)
	resp.Diagnostics.Append(checkRegistries(settings)...)
	for i, file := range m.sopsFiles() {
		resp.Diagnostics.Append(sopsfile.Look(path.Root("sops_files").AtListIndex(i), file)...)
	}
}

// Configure makes the door to the core that resources share. It connects to no node.
func (p *homelab) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	var m model
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	nodes, namesUnknown, diags := m.nodes(ctx)
	resp.Diagnostics.Append(diags...)
	if diags.HasError() {
		return
	}
	agent := "terraform-provider-homelab/" + p.version
	options := []fleet.Option{fleet.WithUserAgent(agent)}
	if namesUnknown {
		options = append(options, fleet.WithNamesUnknown())
	}
	f, err := fleet.New(nodes, options...)
	if err != nil {
		resp.Diagnostics.Append(explain(err)...)
		return
	}
	resolver, diags := m.resolver(ctx, agent)
	resp.Diagnostics.Append(diags...)
	if diags.HasError() {
		return
	}
	core := core.New(engines{f}, resolver)
	offer := concept.Offer{core.Stacks(), core.Networks(), core.Subnets(), core.Secrets(), core.Nodes(), stack.NewDocuments()}
	p.gate.Require(slices.Sorted(maps.Values(m.sopsFiles())))
	resp.ResourceData, resp.DataSourceData, resp.EphemeralResourceData = offer, offer, p.gate
}

// Resources lists the resources.
func (p *homelab) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{
		stack.NewResource,
		network.NewResource,
		subnet.NewResource,
		node.NewResource,
		secret.NewResource,
	}
}

// DataSources lists the data sources.
func (p *homelab) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{
		node.NewDataSource,
		image.NewDataSource,
		topology.NewDataSource,
	}
}

// EphemeralResources lists the ephemeral resources.
func (p *homelab) EphemeralResources(context.Context) []func() ephemeral.EphemeralResource {
	return []func() ephemeral.EphemeralResource{
		sopsfile.NewEphemeralResource,
		pki.NewEphemeralResource,
	}
}

// Functions lists the functions.
func (p *homelab) Functions(context.Context) []func() function.Function {
	return []func() function.Function{newSiteSubnets, stack.NewCompactYAML, stack.NewDotenv, stack.NewStacks}
}

// explain turns the fleet's errors, joined or not, into diagnostics.
func explain(err error) diag.Diagnostics {
	var diags diag.Diagnostics
	var joined interface{ Unwrap() []error }
	if errors.As(err, &joined) {
		for _, e := range joined.Unwrap() {
			diags.Append(explain(e)...)
		}
		return diags
	}
	var e *fleet.Error
	switch {
	case err == nil:
	case !errors.As(err, &e):
		diags.AddError("Unable to configure provider", err.Error())
	case e.Attribute == nil:
		diags.AddError(e.Summary(), e.Detail())
	default:
		at := path.Root("nodes").AtMapKey(e.Node)
		for _, step := range e.Attribute {
			at = at.AtName(step)
		}
		diags.AddAttributeError(at, e.Summary(), e.Detail())
	}
	return diags
}
