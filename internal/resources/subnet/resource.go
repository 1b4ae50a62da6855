package subnet

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/homelab-iac/terraform-provider-homelab/internal/core"
	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/concept"
)

var (
	_ resource.ResourceWithConfigure      = (*subnetResource)(nil)
	_ resource.ResourceWithValidateConfig = (*subnetResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*subnetResource)(nil)
	_ resource.ResourceWithImportState    = (*subnetResource)(nil)
)

// defaultTimeout is the time limit of each operation.
const defaultTimeout = 5 * time.Minute

// Core is what a subnet needs of the core.
type Core interface {
	Declare(s core.Subnet) []core.SubnetConflict
	Leave(name string)
}

// Networks is what a subnet needs to have its network on each node.
type Networks interface {
	Read(ctx context.Context, node, name string) (view core.NetworkView, exists bool, err error)
	Preview(ctx context.Context, node string, want *desired.Network, opts core.NetworkOptions) (core.NetworkPreview, error)
	Apply(ctx context.Context, node string, want *desired.Network, opts core.NetworkOptions) (core.NetworkView, error)
	Destroy(ctx context.Context, node, name string, progress func(ctx context.Context, message string)) error
	Leave(node, name string)
}

// NewResource returns the resource homelab_subnet.
func NewResource() resource.Resource { return &subnetResource{} }

type subnetResource struct {
	core     Core
	networks Networks
}

// Metadata sets the type name.
func (r *subnetResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_subnet"
}

// Schema sets the schema.
func (r *subnetResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = resourceSchema(ctx)
}

// Configure takes the provider's core; it is also called without,
// before the provider is configured.
func (r *subnetResource) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	resp.Diagnostics.Append(concept.Provided("homelab_subnet", req.ProviderData, &r.core)...)
	resp.Diagnostics.Append(concept.Provided("homelab_subnet", req.ProviderData, &r.networks)...)
}

// ValidateConfig reports what is wrong whatever the nodes have.
func (r *subnetResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var config model
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	s, diags := config.segment(ctx)
	resp.Diagnostics.Append(diags...)
	resp.Diagnostics.Append(diagnostics(s.check())...)
}

// Create makes the network on every node. Where one fails, what was made on the
// others is removed again: Terraform replaces a resource whose create failed, and
// there is nothing to be destroyed for that then.
func (r *subnetResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var planned model
	resp.Diagnostics.Append(req.Plan.Get(ctx, &planned)...)
	limit, diags := planned.Timeouts.Create(ctx, defaultTimeout)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	planned.ID = planned.Name
	made, diags := r.apply(limited, &planned, nil, nil)
	resp.Diagnostics.Append(diags...)
	if diags.HasError() {
		made, diags = r.rollBack(ctx, planned.Name.ValueString(), made)
		resp.Diagnostics.Append(diags...)
		if len(made) == 0 {
			return // there is nothing to keep
		}
	}
	resp.Diagnostics.Append(planned.setNetworks(ctx, made)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &planned)...)
}

// Read looks at every node's network. The subnet stays in the state when networks
// are gone, because it has the nodes' ranges; only one that nothing is left of is
// removed.
func (r *subnetResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state model
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	last, diags := state.networks(ctx)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	imported := state.VLANID.IsNull()
	now, labels := map[string]networkModel{}, map[string]map[string]string{}
	for _, node := range sortedKeys(last) {
		view, exists, err := r.networks.Read(ctx, node, state.Name.ValueString())
		switch {
		case err != nil:
			now[node] = last[node]
			resp.Diagnostics.Append(segment{name: state.Name.ValueString()}.subject(node).Read(err, imported)...)
		case exists:
			now[node], labels[node] = observed(view.ID, view.Network, last[node]).unfinished(view), view.Network.Labels
		case imported:
			resp.Diagnostics.AddError("Network not found", fmt.Sprintf("Node %q has no network %q. `docker network ls` lists those it has.", node, state.Name.ValueString()))
		}
	}
	if resp.Diagnostics.HasError() {
		return
	}
	if len(now) == 0 {
		resp.State.RemoveResource(ctx)
		return
	}
	if imported {
		resp.Diagnostics.Append(state.take(ctx, now)...)
		resp.Diagnostics.Append(state.takeMetadata(ctx, labels)...)
	}
	resp.Diagnostics.Append(state.setNetworks(ctx, now)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
}

// Update makes every node have what was planned. Where a node fails, the others
// are done all the same, and the state says what is there.
func (r *subnetResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var planned, state model
	resp.Diagnostics.Append(req.Plan.Get(ctx, &planned)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	var agreed map[string][]string
	resp.Diagnostics.Append(concept.Load(ctx, req.Private, plannedKey, &agreed)...)
	prior, diags := state.networks(ctx)
	resp.Diagnostics.Append(diags...)
	limit, diags := planned.Timeouts.Update(ctx, defaultTimeout)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	made, diags := r.apply(limited, &planned, prior, agreed)
	resp.Diagnostics.Append(diags...)
	resp.Diagnostics.Append(planned.setNetworks(ctx, made)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &planned)...)
}

// Delete removes the network from every node. Where one fails, the others are done
// all the same.
func (r *subnetResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state model
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	last, diags := state.networks(ctx)
	resp.Diagnostics.Append(diags...)
	limit, diags := state.Timeouts.Delete(ctx, defaultTimeout)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	left, diags := r.remove(limited, state.Name.ValueString(), last)
	resp.Diagnostics.Append(diags...)
	if diags.HasError() {
		resp.Diagnostics.Append(state.setNetworks(ctx, left)...)
		resp.Diagnostics.Append(resp.State.Set(ctx, &state)...)
	}
}

// ImportState takes "node,node/name".
func (r *subnetResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	nodes, name, ok := strings.Cut(req.ID, "/")
	stubs := map[string]networkModel{}
	for _, node := range strings.Split(nodes, ",") {
		if node = strings.TrimSpace(node); node != "" {
			stubs[node] = networkModel{Unexpected: noneUnexpected}
		}
	}
	if !ok || len(stubs) == 0 || !networkName.MatchString(name) {
		resp.Diagnostics.AddError("Invalid import ID", fmt.Sprintf("%q is not of the form node,node/name. "+
			"For the network \"servers\" on the nodes \"atlas\" and \"helios\" write atlas,helios/servers.", req.ID))
		return
	}
	networks, diags := types.MapValueFrom(ctx, networkType, stubs)
	resp.Diagnostics.Append(diags...)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("id"), name)...)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("name"), name)...)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("networks"), networks)...)
}

// apply takes the subnet off the nodes that are no longer attached, and makes the
// others have their network. It returns what every node has then.
func (r *subnetResource) apply(ctx context.Context, planned *model, prior map[string]networkModel, agreed map[string][]string) (map[string]networkModel, diag.Diagnostics) {
	s, diags := planned.segment(ctx)
	if diags.HasError() {
		return prior, diags
	}
	parts, problems := s.divide(held(prior))
	if diags.Append(diagnostics(append(problems, s.checkStatic(parts)...))...); diags.HasError() {
		return prior, diags
	}
	leaving := map[string]networkModel{}
	for node, n := range prior {
		if _, stays := s.nodes[node]; !stays {
			leaving[node] = n
		}
	}
	made, more := r.remove(ctx, s.name, leaving)
	diags.Append(more...)
	var mu sync.Mutex // guards made and diags
	eachNode(s.nodes, func(node string) {
		n, err := r.applyOne(ctx, s, node, parts[node], prior, agreed)
		mu.Lock()
		defer mu.Unlock()
		if n != nil {
			made[node] = *n
		}
		if err != nil {
			diags.Append(applyDiagnostics(s, node, n != nil, prior == nil, err)...)
		}
	})
	diags.Append(planned.setVLAN(ctx, s)...)
	return made, diags
}

// applyOne makes one node have its network; nil means that the node has none. What the
// state has of a node that cannot be read stays, as its range is still in use.
func (r *subnetResource) applyOne(ctx context.Context, s segment, node string, part ranges, prior map[string]networkModel, agreed map[string][]string) (*networkModel, error) {
	before, mine := prior[node]
	planned := s.network(node, part)
	want := planned.desired(s.labels)
	view, exists, err := r.networks.Read(ctx, node, s.name)
	if err == nil {
		if exists {
			want = like(want, view.Network)
		}
		view, err = r.networks.Apply(ctx, node, want, core.NetworkOptions{
			Owner: s.owner(), AppliedFields: before.appliedFields(), Adopt: mine, VLAN: s.vlan, Planned: agreed[node], Progress: progress(node, s.name)})
	}
	if err == nil {
		planned.ID = types.StringValue(view.ID)
		return &planned, nil
	}
	if view.ID != "" {
		n := observed(view.ID, view.Network, before)
		return &n, err
	}
	if !mine {
		return nil, err
	}
	if _, exists, unread := r.networks.Read(ctx, node, s.name); unread == nil && !exists {
		return nil, err
	}
	return &before, err
}

// remove removes networks, and returns those that are still there.
func (r *subnetResource) remove(ctx context.Context, name string, from map[string]networkModel) (map[string]networkModel, diag.Diagnostics) {
	left := map[string]networkModel{}
	var diags diag.Diagnostics
	var mu sync.Mutex // guards left and diags
	eachNode(from, func(node string) {
		err := r.networks.Destroy(ctx, node, name, progress(node, name))
		mu.Lock()
		defer mu.Unlock()
		if err != nil {
			left[node] = from[node]
			diags.Append(removeDiagnostics(node, name, err)...)
		}
	})
	return left, diags
}

// rollBack removes what a create made that failed on another node, and returns what
// is still there, with a message on how to go on.
func (r *subnetResource) rollBack(ctx context.Context, name string, made map[string]networkModel) (map[string]networkModel, diag.Diagnostics) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), defaultTimeout)
	defer cancel()
	left, diags := r.remove(ctx, name, made)
	var gone []string
	for _, node := range sortedKeys(made) {
		if _, stays := left[node]; !stays {
			gone = append(gone, node)
		}
	}
	if len(gone) > 0 {
		diags.AddWarning("Subnet is not created", fmt.Sprintf("Network %q was made on %s and is removed again: a new subnet is made on all of its nodes or on none.",
			name, concept.Nodes(gone)))
	}
	if len(left) > 0 {
		diags.AddError("Subnet is incomplete", fmt.Sprintf("Network %q is left on %s. Terraform marks the subnet as tainted, so the next apply replaces it on every node. "+
			"To create only what is missing and keep that network, run terraform untaint ADDRESS before you apply again.",
			name, concept.Nodes(sortedKeys(left))))
	}
	return left, diags
}

// eachNode calls do for all nodes at once.
func eachNode[V any](nodes map[string]V, do func(node string)) {
	var all sync.WaitGroup
	for node := range nodes {
		all.Go(func() { do(node) })
	}
	all.Wait()
}

// owner says in messages whose a network is, and subject what is on a node.
func (s segment) owner() string { return fmt.Sprintf("homelab_subnet %q", s.name) }
func (s segment) subject(node string) concept.Subject {
	return concept.Subject{Kind: "subnet", Name: s.name, Node: node, At: path.Root("attachments")}
}

// progress reports what happens in the provider's log.
func progress(node, name string) func(context.Context, string) {
	fields := map[string]any{"node": node, "subnet": name}
	return func(ctx context.Context, message string) { tflog.Info(ctx, message, fields) }
}
