package acctest

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/homelab-iac/terraform-provider-homelab/internal/provider"
)

// Configuration is a configuration of one resource on one node, "local", and its
// state. Each of its commands is a run by itself: the provider is spoken to as
// Terraform does, but in this process, for tests that need many runs.
type Configuration struct {
	host, kind string
	state      resourceState
}

// resourceState is what Terraform keeps of a resource.
type resourceState struct {
	value   *tftypes.Value // nil: there is none
	private []byte
}

// NewConfiguration makes a configuration without a state, of a kind of resource such
// as homelab_stack.
func NewConfiguration(host, kind string) *Configuration {
	return &Configuration{host: host, kind: kind}
}

// Outcome is how a run ended.
type Outcome struct {
	// Plan is what the plan says: its warnings, and the values that change.
	Plan string
	// Refused is why there is no plan, and Failed why it could not be applied.
	Refused, Failed string
}

// Lose loses the state.
func (c *Configuration) Lose() { c.state = resourceState{} }

// Plan only plans, also what would be replaced.
func (c *Configuration) Plan(ctx context.Context, attributes map[string]any) (Outcome, error) {
	_, out, err := c.plan(ctx, attributes)
	return out, err
}

// plan plans a change, with the state refreshed before; out.Refused is why there is
// none.
func (c *Configuration) plan(ctx context.Context, attributes map[string]any) (change change, out Outcome, err error) {
	r, err := c.begin(ctx)
	if err != nil {
		return change, out, err
	}
	if err := c.refresh(ctx, r); err != nil {
		return change, out, err
	}
	change, resp, err := r.plan(ctx, c.state, attributes)
	if err != nil {
		return change, out, err
	}
	if out.Plan, out.Refused = said(resp.Diagnostics); out.Refused == "" {
		out.Plan += strings.Join(change.shown(), "\n")
		change.replaces = len(resp.RequiresReplace) > 0 && change.prior != nil
	}
	return change, out, nil
}

// Apply plans and applies; without attributes it destroys what the state has.
func (c *Configuration) Apply(ctx context.Context, attributes map[string]any) (Outcome, error) {
	if attributes == nil && c.state.value == nil {
		return Outcome{}, nil
	}
	change, out, err := c.plan(ctx, attributes)
	if err != nil || out.Refused != "" {
		return out, err
	}
	if change.replaces {
		return out, fmt.Errorf("%s would be replaced: this is not for that", c.kind)
	}
	r, err := c.begin(ctx)
	if err != nil {
		return out, err
	}
	c.state, out.Failed, err = r.apply(ctx, change)
	return out, err
}

// Import takes what is there into the state. refused is why it cannot.
func (c *Configuration) Import(ctx context.Context, id string) (refused string, err error) {
	r, err := c.begin(ctx)
	if err != nil {
		return "", err
	}
	resp, err := r.server.ImportResourceState(ctx, &tfprotov6.ImportResourceStateRequest{TypeName: c.kind, ID: id})
	if err != nil {
		return "", err
	}
	if _, refused = said(resp.Diagnostics); refused != "" {
		return refused, nil
	}
	value, err := resp.ImportedResources[0].State.Unmarshal(r.of)
	if err != nil {
		return "", err
	}
	c.state = resourceState{&value, resp.ImportedResources[0].Private}
	if err := c.refresh(ctx, r); err != nil || c.state.value != nil {
		return "", err
	}
	return "there is none", nil
}

func (c *Configuration) refresh(ctx context.Context, r *run) error {
	if c.state.value == nil {
		return nil
	}
	current, err := tfprotov6.NewDynamicValue(r.of, *c.state.value)
	if err != nil {
		return err
	}
	resp, err := r.server.ReadResource(ctx, &tfprotov6.ReadResourceRequest{TypeName: c.kind, CurrentState: &current, Private: c.state.private})
	if err != nil {
		return err
	}
	if _, wrong := said(resp.Diagnostics); wrong != "" {
		return fmt.Errorf("read %s: %s", c.kind, wrong)
	}
	c.state, err = r.kept(resp.NewState, resp.Private)
	return err
}

// run is one run of Terraform.
type run struct {
	server tfprotov6.ProviderServer
	kind   string
	of     tftypes.Type
	schema *tfprotov6.SchemaBlock
}

func (c *Configuration) begin(ctx context.Context) (*run, error) {
	r := &run{server: &witness{ProviderServer: provider.NewServer("test")()}, kind: c.kind}
	schemas, err := r.server.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		return nil, err
	}
	r.schema, r.of = schemas.ResourceSchemas[c.kind].Block, schemas.ResourceSchemas[c.kind].ValueType()
	of := schemas.Provider.ValueType()
	config, err := tfprotov6.NewDynamicValue(of, encode(of, map[string]any{"nodes": map[string]any{"local": map[string]any{"host": c.host}}}))
	if err != nil {
		return nil, err
	}
	resp, err := r.server.ConfigureProvider(ctx, &tfprotov6.ConfigureProviderRequest{TerraformVersion: "1.14.0", Config: &config})
	if err != nil {
		return nil, err
	}
	if _, wrong := said(resp.Diagnostics); wrong != "" {
		return nil, fmt.Errorf("configure provider: %s", wrong)
	}
	return r, nil
}

// kept is what is kept of an answer.
func (r *run) kept(value *tfprotov6.DynamicValue, private []byte) (resourceState, error) {
	v, err := value.Unmarshal(r.of)
	if err != nil || v.IsNull() {
		return resourceState{}, err
	}
	return resourceState{&v, private}, nil
}

// change is what Terraform keeps in a plan.
type change struct {
	prior, next, config *tftypes.Value // nil: none
	private             []byte
	replaces            bool
}

func (r *run) plan(ctx context.Context, prior resourceState, attributes map[string]any) (change, *tfprotov6.PlanResourceChangeResponse, error) {
	c := change{prior: prior.value}
	if attributes != nil {
		config := encode(r.of, attributes)
		next, err := r.proposed(prior.value, config)
		if err != nil {
			return c, nil, err
		}
		c.config, c.next = &config, &next
	}
	req := &tfprotov6.PlanResourceChangeRequest{TypeName: r.kind, PriorPrivate: prior.private}
	var err error
	if req.PriorState, req.ProposedNewState, req.Config, err = r.send(c); err != nil {
		return c, nil, err
	}
	resp, err := r.server.PlanResourceChange(ctx, req)
	if err != nil {
		return c, nil, err
	}
	next, err := r.kept(resp.PlannedState, resp.PlannedPrivate)
	c.next, c.private = next.value, resp.PlannedPrivate
	return c, resp, err
}

// proposed is what Terraform proposes: the configuration, and the prior value of what
// it does not set and the provider may. What is only to be written is never proposed.
func (r *run) proposed(prior *tftypes.Value, config tftypes.Value) (tftypes.Value, error) {
	var next, before map[string]tftypes.Value
	if err := config.As(&next); err != nil {
		return config, err
	}
	if prior != nil {
		if err := prior.As(&before); err != nil {
			return config, err
		}
	}
	for _, a := range r.schema.Attributes {
		if was, ok := before[a.Name]; ok && a.Computed && next[a.Name].IsNull() {
			next[a.Name] = was
		}
		if a.WriteOnly {
			next[a.Name] = tftypes.NewValue(a.ValueType(), nil)
		}
	}
	return tftypes.NewValue(r.of, next), nil
}

// apply applies a plan. The state is what came of it, also with a failure.
func (r *run) apply(ctx context.Context, c change) (after resourceState, failed string, err error) {
	req := &tfprotov6.ApplyResourceChangeRequest{TypeName: r.kind, PlannedPrivate: c.private}
	if req.PriorState, req.PlannedState, req.Config, err = r.send(c); err != nil {
		return after, "", err
	}
	resp, err := r.server.ApplyResourceChange(ctx, req)
	if err != nil {
		return after, "", err
	}
	_, failed = said(resp.Diagnostics)
	after, err = r.kept(resp.NewState, resp.Private)
	return after, failed, err
}

func (r *run) send(c change) (prior, next, config *tfprotov6.DynamicValue, err error) {
	sent := make([]*tfprotov6.DynamicValue, 3)
	for i, v := range []*tftypes.Value{c.prior, c.next, c.config} {
		value := tftypes.NewValue(r.of, nil)
		if v != nil {
			value = *v
		}
		d, err := tfprotov6.NewDynamicValue(r.of, value)
		if err != nil {
			return nil, nil, nil, err
		}
		sent[i] = &d
	}
	return sent[0], sent[1], sent[2], nil
}

// shown lists the values that differ, as "services.web.state: old -> new".
func (c change) shown() []string {
	switch {
	case c.next == nil:
		return nil
	case c.prior == nil:
		return []string{c.next.String()}
	}
	diffs, err := c.prior.Diff(*c.next)
	if err != nil {
		return []string{err.Error()}
	}
	var lines []string
	for _, d := range diffs {
		lines = append(lines, fmt.Sprintf("%s: %s -> %s", d.Path, d.Value1, d.Value2))
	}
	return lines
}

// said sorts diagnostics.
func said(diags []*tfprotov6.Diagnostic) (warnings, wrong string) {
	for _, d := range diags {
		text := d.Summary + ": " + d.Detail + "\n"
		if d.Severity == tfprotov6.DiagnosticSeverityError {
			wrong += text
		} else {
			warnings += text
		}
	}
	return warnings, wrong
}

// encode makes a value of a type; what is not given is null.
func encode(of tftypes.Type, from any) tftypes.Value {
	if from == nil {
		return tftypes.NewValue(of, nil)
	}
	var elements []tftypes.Value
	each := func(element tftypes.Type) []tftypes.Value {
		for _, one := range from.([]any) {
			elements = append(elements, encode(element, one))
		}
		return elements
	}
	values := map[string]tftypes.Value{}
	switch kind := of.(type) {
	case tftypes.Object:
		for name, attribute := range kind.AttributeTypes {
			values[name] = encode(attribute, from.(map[string]any)[name])
		}
		return tftypes.NewValue(of, values)
	case tftypes.Map:
		for name, one := range from.(map[string]any) {
			values[name] = encode(kind.ElementType, one)
		}
		return tftypes.NewValue(of, values)
	case tftypes.List:
		return tftypes.NewValue(of, each(kind.ElementType))
	case tftypes.Set:
		return tftypes.NewValue(of, each(kind.ElementType))
	default:
		return tftypes.NewValue(of, from)
	}
}
