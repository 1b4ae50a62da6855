package concept

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
)

// Offer is what a provider hands to all concepts.
type Offer []any

// Provided takes what a concept needs from what its provider hands to all of them: the
// part that implements it. kind is the concept's name, as in homelab_stack. Terraform
// also configures a concept before its provider: data is nil then, and into stays as it
// is.
func Provided[T any](kind string, data any, into *T) diag.Diagnostics {
	if data == nil {
		return nil
	}
	parts, isOffer := data.(Offer)
	if !isOffer {
		parts = Offer{data}
	}
	for _, part := range parts {
		if needed, ok := part.(T); ok {
			*into = needed
			return nil
		}
	}
	return diag.Diagnostics{diag.NewErrorDiagnostic("Unexpected provider data",
		fmt.Sprintf("%s got %T from its provider, and nothing of it is a %T. This is a bug in the provider; please report it.", kind, data, into))}
}
