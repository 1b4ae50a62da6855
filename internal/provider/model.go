package provider

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/homelab-iac/terraform-provider-homelab/internal/engine/fleet"
)

// model is the provider block as Terraform holds it.
type model struct {
	Nodes      types.Map  `tfsdk:"nodes"`
	Registries types.Map  `tfsdk:"registries"`
	SOPSFiles  types.List `tfsdk:"sops_files"`
	away
}

type nodeModel struct {
	Host    types.String `tfsdk:"host"`
	Context types.String `tfsdk:"context"`
	TLS     types.Object `tfsdk:"tls"`
	Token   types.String `tfsdk:"token"`
	HostKey types.String `tfsdk:"host_key"`
	away
}

type tlsModel struct {
	CAFile     types.String `tfsdk:"ca_file"`
	CertFile   types.String `tfsdk:"cert_file"`
	KeyFile    types.String `tfsdk:"key_file"`
	CA         types.String `tfsdk:"ca"`
	Cert       types.String `tfsdk:"cert"`
	Key        types.String `tfsdk:"key"`
	ServerName types.String `tfsdk:"server_name"`
}

// nodes returns the fleet's configuration. A node with any unknown value is
// marked as unknown; namesUnknown reports that the map itself is.
func (m model) nodes(ctx context.Context) (nodes map[string]fleet.NodeConfig, namesUnknown bool, diags diag.Diagnostics) {
	if m.Nodes.IsUnknown() {
		return nil, true, nil
	}
	objects := map[string]types.Object{}
	diags = m.Nodes.ElementsAs(ctx, &objects, false)
	nodes = make(map[string]fleet.NodeConfig, len(objects))
	for _, name := range slices.Sorted(maps.Keys(objects)) {
		object := objects[name]
		if object.IsUnknown() {
			nodes[name] = fleet.NodeConfig{Unknown: true}
			continue
		}
		if object.IsNull() {
			diags.AddAttributeError(path.Root("nodes").AtMapKey(name), "Invalid node configuration",
				fmt.Sprintf("Node %q is null. Give it a host or a context, or leave it out of the map.", name))
			continue
		}
		var n nodeModel
		diags.Append(object.As(ctx, &n, basetypes.ObjectAsOptions{})...)
		config, d := n.config(ctx)
		diags.Append(d...)
		m.away.apply(&config)
		n.away.apply(&config)
		nodes[name] = config
	}
	return nodes, false, diags
}

func (n nodeModel) config(ctx context.Context) (fleet.NodeConfig, diag.Diagnostics) {
	if n.TLS.IsUnknown() || anyUnknown(n.Host, n.Context, n.Token, n.HostKey) {
		return fleet.NodeConfig{Unknown: true}, nil
	}
	config := fleet.NodeConfig{
		Host: n.Host.ValueString(), Context: n.Context.ValueString(),
		Token: n.Token.ValueString(), HostKey: n.HostKey.ValueString(),
	}
	if n.TLS.IsNull() {
		return config, nil
	}
	var t tlsModel
	diags := n.TLS.As(ctx, &t, basetypes.ObjectAsOptions{})
	if t.unknown() {
		return fleet.NodeConfig{Unknown: true}, diags
	}
	config.TLS = &fleet.TLS{
		CAFile: t.CAFile.ValueString(), CertFile: t.CertFile.ValueString(), KeyFile: t.KeyFile.ValueString(),
		CA: t.CA.ValueString(), Cert: t.Cert.ValueString(), Key: t.Key.ValueString(),
		ServerName: t.ServerName.ValueString(),
	}
	return config, diags
}

func (t tlsModel) unknown() bool {
	return anyUnknown(t.CAFile, t.CertFile, t.KeyFile, t.CA, t.Cert, t.Key, t.ServerName)
}

func anyUnknown(values ...types.String) bool {
	for _, v := range values {
		if v.IsUnknown() {
			return true
		}
	}
	return false
}

// sopsFiles are the paths that are known, by their places in the list.
func (m model) sopsFiles() map[int]string {
	files := map[int]string{}
	for i, element := range m.SOPSFiles.Elements() {
		if text, ok := element.(types.String); ok && !text.IsNull() && !text.IsUnknown() {
			files[i] = text.ValueString()
		}
	}
	return files
}
