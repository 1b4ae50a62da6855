package concept

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/homelab-iac/terraform-provider-homelab/internal/compose"
)

// Documents are the attributes of a stack that say what its Compose project is.
type Documents struct {
	Name, Compose, ProjectDirectory string
	Overrides, Profiles             types.List
	Variables                       types.Map
}

// Input is what the Compose project is loaded from, without secrets.
func (d Documents) Input(ctx context.Context) (compose.Input, diag.Diagnostics) {
	in := compose.Input{Name: d.Name, Compose: d.Compose, Dir: d.ProjectDirectory}
	var diags diag.Diagnostics
	diags.Append(d.Overrides.ElementsAs(ctx, &in.Overrides, true)...)
	diags.Append(d.Profiles.ElementsAs(ctx, &in.Profiles, true)...)
	diags.Append(d.Variables.ElementsAs(ctx, &in.Variables, true)...)
	return in, diags
}

// ComposeErrors returns an error for each problem in the documents of a stack. at
// returns the path of an attribute such as "overrides[1]". stack names the stack where
// that is needed; empty where it is the resource itself.
func ComposeErrors(err error, at func(attribute string) path.Path, stack string) diag.Diagnostics {
	if err == nil {
		return nil
	}
	of := func(line int, detail string) string {
		switch {
		case stack != "" && line > 0:
			return fmt.Sprintf("Stack %q, line %d: %s", stack, line, detail)
		case stack != "":
			return fmt.Sprintf("Stack %q: %s", stack, detail)
		case line > 0:
			return fmt.Sprintf("Line %d: %s", line, detail)
		}
		return detail
	}
	var diags diag.Diagnostics
	problems := compose.Errors(err)
	if len(problems) == 0 {
		diags.AddAttributeError(at("compose"), "Unable to read Compose document", of(0, Sentence(err.Error())))
	}
	for _, p := range problems {
		diags.AddAttributeError(at(p.Attribute), "Invalid Compose project", of(p.Line, p.Detail))
	}
	return diags
}
