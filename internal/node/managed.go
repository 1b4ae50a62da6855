package node

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
)

// managed is what private state remembers of the directories that were applied,
// also of those that are gone from the node since.
type managed struct {
	// Keeper names this resource on the node, where others may declare directories
	// too: each has windows of its own, which go with it.
	Keeper string
	Paths  []string
}

// The keys of the private state.
const (
	managedKey = "managed"
	keeperKey  = "keeper"
	// importedKey is there until a node that was imported has been read.
	importedKey = "imported"
)

// privateState is Terraform's private state, as requests and responses have it.
type privateState interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

// keeper returns the keeper's name, a new one for a resource that keeps nothing yet.
func (m managed) keeper() string {
	if m.Keeper == "" && len(m.Paths) == 0 {
		return rand.Text()
	}
	return m.Keeper
}

func managedOf(ctx context.Context, private privateState) (m managed, diags diag.Diagnostics) {
	for key, target := range map[string]any{managedKey: &m.Paths, keeperKey: &m.Keeper} {
		raw, more := private.GetKey(ctx, key)
		diags.Append(more...)
		if len(raw) == 0 || more.HasError() {
			continue
		}
		if err := json.Unmarshal(raw, target); err != nil {
			diags.AddError("Unable to read private state", fmt.Sprintf("The key %q is not as this provider writes it: %s. "+
				"Remove the resource from state and import it again.", key, err))
		}
	}
	return m, diags
}

func (m managed) keep(ctx context.Context, private privateState) (diags diag.Diagnostics) {
	for key, value := range map[string]any{managedKey: m.Paths, keeperKey: m.Keeper} {
		raw, err := json.Marshal(value)
		if err != nil {
			diags.AddError("Unable to write private state", err.Error())
			continue
		}
		diags.Append(private.SetKey(ctx, key, raw)...)
	}
	return diags
}
