package node

import (
	"context"
	"crypto/rand"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/concept"
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

// keeper returns the keeper's name, a new one for a resource that keeps nothing yet.
func (m managed) keeper() string {
	if m.Keeper == "" && len(m.Paths) == 0 {
		return rand.Text()
	}
	return m.Keeper
}

func managedOf(ctx context.Context, private concept.PrivateState) (m managed, diags diag.Diagnostics) {
	diags.Append(concept.Load(ctx, private, managedKey, &m.Paths)...)
	diags.Append(concept.Load(ctx, private, keeperKey, &m.Keeper)...)
	return m, diags
}

func (m managed) keep(ctx context.Context, private concept.PrivateState) diag.Diagnostics {
	return append(concept.Store(ctx, private, managedKey, m.Paths), concept.Store(ctx, private, keeperKey, m.Keeper)...)
}
