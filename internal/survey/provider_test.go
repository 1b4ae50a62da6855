package survey_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/homelab-iac/terraform-provider-homelab/internal/provider"
)

const resourceType = "homelab_stack"

// server is the provider, spoken to as Terraform does but in this process: a process
// of Terraform for each step takes longer than the step.
type server struct {
	tfprotov6.ProviderServer
	of tftypes.Type // a stack
}

// stackState is what Terraform would keep of a stack.
type stackState struct {
	value   tftypes.Value
	private []byte
}

// planned is what Terraform would keep in a plan.
type planned struct {
	prior, next tftypes.Value
	config      tftypes.Value
	private     []byte
	replace     bool
}

// empty reports whether there is nothing to apply.
func (p planned) empty() bool { return p.prior.Equal(p.next) }

// newServer configures the provider for one node.
func newServer(ctx context.Context, host string) (*server, error) {
	s := &server{ProviderServer: provider.NewServer("survey")()}
	schemas, err := s.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		return nil, err
	}
	s.of = schemas.ResourceSchemas[resourceType].ValueType()
	config, err := encode(schemas.Provider.ValueType(), map[string]any{"nodes": map[string]any{"local": map[string]any{"host": host}}})
	if err != nil {
		return nil, err
	}
	sent, err := dynamic(config)
	if err != nil {
		return nil, err
	}
	resp, err := s.ConfigureProvider(ctx, &tfprotov6.ConfigureProviderRequest{TerraformVersion: "1.14.0", Config: sent})
	if err != nil {
		return nil, err
	}
	return s, problems(resp.Diagnostics)
}

// encode makes a value of a type; what is not given is null.
func encode(of tftypes.Type, from any) (tftypes.Value, error) {
	if from == nil {
		return tftypes.NewValue(of, nil), nil
	}
	switch kind := of.(type) {
	case tftypes.Object:
		given, _ := from.(map[string]any)
		values := map[string]tftypes.Value{}
		for name, attribute := range kind.AttributeTypes {
			v, err := encode(attribute, given[name])
			if err != nil {
				return v, err
			}
			values[name] = v
		}
		return tftypes.NewValue(of, values), nil
	case tftypes.Map:
		values := map[string]tftypes.Value{}
		given, _ := from.(map[string]any)
		for name, one := range given {
			v, err := encode(kind.ElementType, one)
			if err != nil {
				return v, err
			}
			values[name] = v
		}
		return tftypes.NewValue(of, values), nil
	case tftypes.List:
		values := []tftypes.Value{}
		given, _ := from.([]string)
		for _, one := range given {
			values = append(values, tftypes.NewValue(kind.ElementType, one))
		}
		return tftypes.NewValue(of, values), nil
	default:
		if err := tftypes.ValidateValue(of, from); err != nil {
			return tftypes.Value{}, err
		}
		return tftypes.NewValue(of, from), nil
	}
}

func dynamic(v tftypes.Value) (*tfprotov6.DynamicValue, error) {
	d, err := tfprotov6.NewDynamicValue(v.Type(), v)
	return &d, err
}

// problems makes an error of the errors among diagnostics.
func problems(diags []*tfprotov6.Diagnostic) error {
	var lines []string
	for _, d := range diags {
		if d.Severity == tfprotov6.DiagnosticSeverityError {
			lines = append(lines, d.Summary+": "+d.Detail)
		}
	}
	if len(lines) == 0 {
		return nil
	}
	return fmt.Errorf("%s", strings.Join(lines, "\n"))
}

// none is a stack that there is not.
func (s *server) none() stackState { return stackState{value: tftypes.NewValue(s.of, nil)} }

// proposed is what Terraform proposes: the configuration, and the prior values of what
// it does not set. A write-only attribute is never proposed.
func (s *server) proposed(prior, config tftypes.Value) (tftypes.Value, error) {
	var next, before map[string]tftypes.Value
	if err := config.As(&next); err != nil {
		return config, err
	}
	if !prior.IsNull() {
		if err := prior.As(&before); err != nil {
			return config, err
		}
	}
	for name, v := range next {
		if one, ok := before[name]; v.IsNull() && ok && computed[name] {
			next[name] = one
		}
	}
	return tftypes.NewValue(s.of, next), nil
}

// computed are the attributes that Terraform takes from state where the configuration
// has none.
var computed = map[string]bool{"id": true, "node": true, "pull": true, "update_order": true, "remove_volumes": true, "rollback": true, "services": true, "networks": true, "volumes": true}

// plan plans a configuration; nil destroys.
func (s *server) plan(ctx context.Context, prior stackState, attributes map[string]any) (planned, error) {
	p := planned{prior: prior.value, next: tftypes.NewValue(s.of, nil), config: tftypes.NewValue(s.of, nil)}
	var err error
	if attributes != nil {
		if p.config, err = encode(s.of, attributes); err != nil {
			return p, err
		}
		if p.next, err = s.proposed(prior.value, p.config); err != nil {
			return p, err
		}
	}
	req := &tfprotov6.PlanResourceChangeRequest{TypeName: resourceType, PriorPrivate: prior.private}
	for to, from := range map[**tfprotov6.DynamicValue]tftypes.Value{&req.PriorState: prior.value, &req.ProposedNewState: p.next, &req.Config: p.config} {
		if *to, err = dynamic(from); err != nil {
			return p, err
		}
	}
	resp, err := s.PlanResourceChange(ctx, req)
	if err != nil {
		return p, err
	}
	if err := problems(resp.Diagnostics); err != nil {
		return p, err
	}
	p.private, p.replace = resp.PlannedPrivate, len(resp.RequiresReplace) > 0
	p.next, err = resp.PlannedState.Unmarshal(s.of)
	return p, err
}

// apply applies a plan. The state is what came of it, also with an error.
func (s *server) apply(ctx context.Context, p planned) (stackState, error) {
	req := &tfprotov6.ApplyResourceChangeRequest{TypeName: resourceType, PlannedPrivate: p.private}
	var err error
	for to, from := range map[**tfprotov6.DynamicValue]tftypes.Value{&req.PriorState: p.prior, &req.PlannedState: p.next, &req.Config: p.config} {
		if *to, err = dynamic(from); err != nil {
			return s.none(), err
		}
	}
	resp, err := s.ApplyResourceChange(ctx, req)
	if err != nil {
		return s.none(), err
	}
	after := stackState{private: resp.Private}
	if after.value, err = resp.NewState.Unmarshal(s.of); err != nil {
		return after, err
	}
	if err := problems(resp.Diagnostics); err != nil {
		return after, err
	}
	if broken := inconsistent(p.next, after.value, ""); broken != "" {
		return after, fmt.Errorf("Provider produced inconsistent result after apply: %s", broken)
	}
	return after, nil
}

// inconsistent names the first value that is not what was planned, as Terraform does.
func inconsistent(want, got tftypes.Value, at string) string {
	if !want.IsKnown() || want.Equal(got) {
		return ""
	}
	var a, b map[string]tftypes.Value
	if want.IsNull() || got.IsNull() || want.As(&a) != nil || got.As(&b) != nil {
		return fmt.Sprintf("%s: was %s, but now %s", at, want, got)
	}
	for name := range b {
		if _, ok := a[name]; !ok {
			return at + "." + name + ": new"
		}
	}
	for name, one := range a {
		other, ok := b[name]
		if !ok {
			return at + "." + name + ": vanished"
		}
		if text := inconsistent(one, other, at+"."+name); text != "" {
			return text
		}
	}
	return ""
}

// refresh reads a stack.
func (s *server) refresh(ctx context.Context, state stackState) (stackState, error) {
	current, err := dynamic(state.value)
	if err != nil {
		return state, err
	}
	resp, err := s.ReadResource(ctx, &tfprotov6.ReadResourceRequest{TypeName: resourceType, CurrentState: current, Private: state.private})
	if err != nil {
		return state, err
	}
	if err := problems(resp.Diagnostics); err != nil {
		return state, err
	}
	value, err := resp.NewState.Unmarshal(s.of)
	return stackState{value, resp.Private}, err
}

// take imports a stack that something else made.
func (s *server) take(ctx context.Context, name string) (stackState, error) {
	resp, err := s.ImportResourceState(ctx, &tfprotov6.ImportResourceStateRequest{TypeName: resourceType, ID: "local/" + name})
	if err != nil {
		return s.none(), err
	}
	if err := problems(resp.Diagnostics); err != nil {
		return s.none(), err
	}
	if len(resp.ImportedResources) != 1 {
		return s.none(), fmt.Errorf("import %s: %d resources", name, len(resp.ImportedResources))
	}
	value, err := resp.ImportedResources[0].State.Unmarshal(s.of)
	if err != nil {
		return s.none(), err
	}
	state, err := s.refresh(ctx, stackState{value, resp.ImportedResources[0].Private})
	if err == nil && state.value.IsNull() {
		err = fmt.Errorf("import %s: the provider sees no such project", name)
	}
	return state, err
}

// changed lists the values that differ, as "services.web.spec.x: a -> b".
func (p planned) changed() []string {
	diffs, err := p.prior.Diff(p.next)
	if err != nil {
		return []string{err.Error()}
	}
	var lines []string
	for _, d := range diffs {
		if d.Value1 != nil && d.Value2 != nil && !d.Value1.Type().Is(tftypes.String) && !d.Value1.Type().Is(tftypes.Number) && !d.Value1.Type().Is(tftypes.Bool) {
			continue // its elements are listed
		}
		lines = append(lines, fmt.Sprintf("%s: %s -> %s", steps(d.Path), shown(d.Value1), shown(d.Value2)))
	}
	return lines
}

func steps(path *tftypes.AttributePath) string {
	var parts []string
	for _, step := range path.Steps() {
		parts = append(parts, strings.Trim(fmt.Sprintf("%v", step), `"`))
	}
	return strings.Join(parts, ".")
}

func shown(v *tftypes.Value) string {
	switch {
	case v == nil || v.IsNull():
		return "(absent)"
	case !v.IsKnown():
		return "(known after apply)"
	}
	var text string
	if v.As(&text) == nil {
		return fmt.Sprintf("%q", text)
	}
	return v.String()
}
