package secret

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

const invalid = "Invalid secret"

// ValidateConfig refuses what can never work, each at its attribute. What is
// unknown is left for the plan.
func (r *secretResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var m model
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(m.checkSource()...)
	if m.Generate.IsNull() || m.Generate.IsUnknown() {
		return
	}
	recipe, diags := m.recipe(ctx)
	resp.Diagnostics.Append(diags...)
	if !diags.HasError() {
		resp.Diagnostics.Append(recipe.withDefaults().check()...)
	}
}

// checkSource wants one source of the value.
func (m *model) checkSource() diag.Diagnostics {
	var diags diag.Diagnostics
	var given []string
	for _, one := range []struct {
		name       string
		null, open bool
	}{{"value", m.Value.IsNull(), m.Value.IsUnknown()}, {"value_base64", m.ValueBase64.IsNull(), m.ValueBase64.IsUnknown()},
		{"generate", m.Generate.IsNull(), m.Generate.IsUnknown()}} {
		if one.open {
			return nil
		}
		if !one.null {
			given = append(given, one.name)
		}
	}
	switch len(given) {
	case 0:
		diags.AddError(invalid, "A secret needs a value: set value, or value_base64 for one that is not text, or generate {} to have one made on the node. "+
			"If value is set and null, what it is taken from has none.")
	case 1:
	default:
		diags.AddAttributeError(path.Root(given[1]), invalid, fmt.Sprintf("A secret has one value, and %s are all set: keep one.", strings.Join(given, " and ")))
	}
	for _, one := range []struct {
		name  string
		given types.String
	}{{"value", m.Value}, {"value_base64", m.ValueBase64}} {
		if !one.given.IsNull() && one.given.ValueString() == "" {
			diags.AddAttributeError(path.Root(one.name), invalid, "The value is empty. A program that reads it would find no secret at all.")
		}
	}
	if !m.Generate.IsNull() && !m.ValueVersion.IsNull() {
		diags.AddAttributeError(path.Root("value_version"), invalid, "A generated value has no version of its own: another one is made when one of the keepers changes.")
	}
	_, more := m.value()
	return append(diags, more...)
}

// check holds what is asked for against what is possible. Unknown counts and
// classes are left for the plan.
func (r recipe) check() diag.Diagnostics {
	var diags diag.Diagnostics
	at := path.Root("generate")
	if r.Length.IsUnknown() || r.Exclude.IsUnknown() || r.Lower.IsUnknown() || r.Upper.IsUnknown() || r.Digits.IsUnknown() || r.Special.IsUnknown() {
		return nil
	}
	sum, any := 0, false
	for _, c := range r.classes() {
		sum += c.least
		any = any || c.characters != ""
		if c.least > 0 && c.characters == "" {
			diags.AddAttributeError(at.AtName("min_"+c.name), invalid, fmt.Sprintf("At least %d characters are to be of the class %s, of which none is allowed: "+
				"allow it, or exclude fewer.", c.least, c.name))
		}
	}
	if !any {
		diags.AddAttributeError(at, invalid, "No character is allowed: allow a class, or exclude fewer.")
	}
	if length := r.Length.ValueInt64(); int64(sum) > length {
		diags.AddAttributeError(at.AtName("length"), invalid, fmt.Sprintf("The minimums of the classes are %d characters together, and the value has %d.", sum, length))
	}
	return diags
}
