package stack

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/homelab-iac/terraform-provider-homelab/internal/concept"
	"github.com/homelab-iac/terraform-provider-homelab/internal/converge"
)

// The keys of the private state.
const (
	memoryKey  = "memory"
	plannedKey = "planned"
	leavingKey = "leaving"
	saltKey    = "salt"
)

func loadMemory(ctx context.Context, private concept.PrivateState) (mem converge.Memory, diags diag.Diagnostics) {
	diags = concept.Load(ctx, private, memoryKey, &mem)
	return mem, diags
}

// loadSalt reads the salt of what is shown in place of hidden values; empty means that
// there is none.
func loadSalt(ctx context.Context, private concept.PrivateState) (salt []byte, diags diag.Diagnostics) {
	diags = concept.Load(ctx, private, saltKey, &salt)
	return salt, diags
}

// saltOrNew returns the salt that there is, or a new one.
func saltOrNew(salt []byte) []byte {
	if len(salt) > 0 {
		return salt
	}
	return newSalt()
}

func storeMemory(ctx context.Context, private concept.PrivateState, mem converge.Memory) diag.Diagnostics {
	return concept.Store(ctx, private, memoryKey, mem)
}

func loadPlanned(ctx context.Context, private concept.PrivateState) (planned []string, diags diag.Diagnostics) {
	diags = concept.Load(ctx, private, plannedKey, &planned)
	return planned, diags
}
