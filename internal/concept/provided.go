package concept

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
)

// Provided takes what a concept needs from what its provider hands to all of them.
// kind is the concept's name, as in homelab_stack. Terraform also configures a
// concept before its provider: data is nil then, and into stays as it is.
func Provided[T any](kind string, data any, into *T) diag.Diagnostics {
	if data == nil {
		return nil
	}
	needed, ok := data.(T)
	if !ok {
		return diag.Diagnostics{diag.NewErrorDiagnostic("Unexpected provider data",
			fmt.Sprintf("%s got %T from its provider. This is a bug in the provider; please report it.", kind, data))}
	}
	*into = needed
	return nil
}
