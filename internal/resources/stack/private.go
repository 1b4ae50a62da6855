package stack

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/homelab-iac/terraform-provider-homelab/internal/core"
	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/concept"
)

// The keys of the private state.
const (
	recordKey  = "memory"
	plannedKey = "planned"
	leavingKey = "leaving"
	saltKey    = "salt"
	// resumeKey has the ID of a stack of which a replacement leaves everything to its
	// create. It is in planned private states only, where Delete finds it.
	resumeKey = "resume"
)

func loadRecord(ctx context.Context, private concept.PrivateState) (record core.Record, diags diag.Diagnostics) {
	diags = concept.Load(ctx, private, recordKey, &record)
	return record, diags
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

func storeRecord(ctx context.Context, private concept.PrivateState, record core.Record) diag.Diagnostics {
	return concept.Store(ctx, private, recordKey, record)
}

func loadPlanned(ctx context.Context, private concept.PrivateState) (planned []string, diags diag.Diagnostics) {
	diags = concept.Load(ctx, private, plannedKey, &planned)
	return planned, diags
}

// storeResume notes for Delete whether it leaves everything to the create.
func storeResume(ctx context.Context, private concept.PrivateState, planned *model, resume bool) diag.Diagnostics {
	if !resume {
		return private.SetKey(ctx, resumeKey, nil)
	}
	return concept.Store(ctx, private, resumeKey, planned.stackID())
}

// loadResume reports whether a destroy leaves everything of a stack to the create that
// follows.
func loadResume(ctx context.Context, private concept.PrivateState, state *model) (bool, diag.Diagnostics) {
	var id string
	diags := concept.Load(ctx, private, resumeKey, &id)
	return id != "" && id == state.stackID(), diags
}
