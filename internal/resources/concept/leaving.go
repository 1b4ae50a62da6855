package concept

import (
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/homelab-iac/terraform-provider-homelab/internal/letter"
)

// Used warns that something which another one takes the place of, with another name
// or on another node, has users: Terraform destroys it first, unless the configuration says otherwise.
func (s Subject) Used(users []string) diag.Diagnostics {
	if len(users) == 0 {
		return nil
	}
	return diag.Diagnostics{diag.NewAttributeWarningDiagnostic(path.Root("name"), letter.Capital(s.Kind)+" is in use", fmt.Sprintf(
		"%s is to be destroyed, and another one made. That fails, without a change, as long as it is used by: %s. "+
			"Write lifecycle { create_before_destroy = true } into the homelab_%s, and let each stack that uses it take the name from there (homelab_%s.….name): "+
			"they move to the new one before the old one goes. With both of these there is nothing to do.",
		s.Place(), strings.Join(users, ", "), s.Kind, s.Kind))}
}
