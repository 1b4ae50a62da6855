package concept

import (
	"context"
	"crypto/rand"

	"github.com/hashicorp/terraform-plugin-framework/diag"
)

const identityKey = "identity"

// Identity distinguishes a resource from others that are planned in the same run. Terraform
// plans a resource that it replaces twice, the second time with the private state
// that the first left in planned; again reports that. prior is what the request has,
// and created that it has no state.
func Identity(ctx context.Context, prior, planned PrivateState, created bool) (identity string, again bool, diags diag.Diagnostics) {
	if diags := Load(ctx, prior, identityKey, &identity); diags.HasError() {
		return "", false, diags
	}
	again = created && identity != ""
	if identity == "" {
		identity = rand.Text()
	}
	return identity, again, Store(ctx, planned, identityKey, identity)
}
