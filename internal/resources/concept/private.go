package concept

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
)

// PrivateState is Terraform's private state, as requests and responses have it.
type PrivateState interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

// Load reads a key of the private state, as [Store] wrote it. Without one, into
// stays as it is.
func Load(ctx context.Context, private PrivateState, key string, into any) diag.Diagnostics {
	raw, diags := private.GetKey(ctx, key)
	if len(raw) == 0 || diags.HasError() {
		return diags
	}
	if err := json.Unmarshal(raw, into); err != nil {
		diags.AddError("Unable to read private state", fmt.Sprintf("The key %q is not as this provider writes it: %s. "+
			"Remove the resource from state and import it again.", key, err))
	}
	return diags
}

// Store writes a key of the private state.
func Store(ctx context.Context, private PrivateState, key string, value any) diag.Diagnostics {
	raw, err := json.Marshal(value)
	if err != nil {
		return diag.Diagnostics{diag.NewErrorDiagnostic("Unable to write private state", err.Error())}
	}
	return private.SetKey(ctx, key, raw)
}
