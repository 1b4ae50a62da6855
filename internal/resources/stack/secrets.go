package stack

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/homelab-iac/terraform-provider-homelab/internal/compose"
	"github.com/homelab-iac/terraform-provider-homelab/internal/core"
	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

const secretsUnknown = "Secrets are not known while planning"

// showSecrets plans what secrets lead to whose values are not known yet: what is
// the same whether they are others than the node's or not is known, and all else
// is left to the apply. The preview's changes are then those of both cases.
func showSecrets(planned, prior, config *model, want *desired.Stack, preview *core.Preview) diag.Diagnostics {
	if preview.Rotated == nil {
		return nil
	}
	same, rotated := planned.view, *planned
	showPlanned(&rotated, prior, *preview.Rotated)
	planned.view = same.Common(rotated.view)
	for _, change := range preview.Rotated.Changes {
		if !slices.ContainsFunc(preview.Changes, func(c core.Change) bool { return c.Identity() == change.Identity() }) {
			preview.Changes = append(preview.Changes, change)
		}
	}
	var diags diag.Diagnostics
	detail := missingSecrets(config.Secrets, want)
	if open := leftOpen(same, rotated.view); len(open) > 0 {
		detail += " So the plan leaves open whether these services are recreated: " + strings.Join(open, ", ") +
			". They are if a value is not the one that they run with; all else is known."
	}
	diags.AddAttributeWarning(path.Root("secrets"), secretsUnknown, detail)
	if len(preview.Problems) == 0 {
		for _, problem := range preview.Rotated.Problems {
			diags.AddAttributeWarning(path.Root("secrets"), "Stack cannot be applied if a secret changed", problem.Detail)
		}
	}
	return diags
}

// leftOpen names the services to which something else happens if secrets changed.
func leftOpen(same, rotated core.View) []string {
	var open []string
	for _, name := range slices.Sorted(maps.Keys(same.Services)) {
		if !reflect.DeepEqual(same.Services[name], rotated.Services[name]) {
			open = append(open, name)
		}
	}
	return open
}

// missingSecrets says of which secrets the values are missing, and who uses them.
func missingSecrets(secrets types.Map, want *desired.Stack) string {
	users := "used by " + strings.Join(want.Undecided(), ", ")
	if secrets.IsUnknown() {
		return "What the stack's secrets are is known only at apply. Names that are not variables are taken for secrets; they are " + users + "."
	}
	return fmt.Sprintf("The values of these secrets are known only at apply: %s (%s).", strings.Join(unknownSecrets(secrets), ", "), users)
}

// secretUnknown reports whether a secret's value is not known yet, or was not
// decrypted.
func secretUnknown(value attr.Value) bool {
	text, ok := value.(types.String)
	return value.IsUnknown() || ok && desired.Withheld(text.ValueString())
}

// unknownSecrets names the secrets whose values are not known yet.
func unknownSecrets(secrets types.Map) []string {
	var names []string
	for name, value := range secrets.Elements() {
		if secretUnknown(value) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// namesNotKnown warns of a plan that shows nothing.
func namesNotKnown() diag.Diagnostic {
	return diag.NewAttributeWarningDiagnostic(path.Root("secrets"), secretsUnknown,
		"What the stack's secrets are is known only at apply, and its documents include others that name some, so nothing of the stack can be planned. "+
			"Name the secrets in the map, with values that are not known, to have it planned: secrets = { TOKEN = ….values[\"token\"] }.")
}

// undecidedNames reports whether an error only says that the names of the secrets
// are not known.
func undecidedNames(err error) bool { return errors.Is(err, compose.ErrUndecided) }

// withoutSecrets is why a stack cannot be applied whose secrets are not known even
// now, as where a file was left encrypted; nil when they are.
func withoutSecrets(secrets types.Map) diag.Diagnostics {
	names := unknownSecrets(secrets)
	if len(names) == 0 && !secrets.IsUnknown() {
		return nil
	}
	which := "the stack's secrets are"
	if len(names) > 0 {
		which = "these secrets are: " + strings.Join(names, ", ")
	}
	return diag.Diagnostics{diag.NewAttributeErrorDiagnostic(path.Root("secrets"), "Secrets are not known",
		"Applying needs the values of all secrets, and it is not known what "+which+". Nothing was changed. Where they come from homelab_sops_file, "+
			"set its key_required to terraform.applying, or to true, so that applying without a key says which keys would do.")}
}
