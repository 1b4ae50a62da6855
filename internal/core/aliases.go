package core

import (
	"github.com/homelab-iac/terraform-provider-homelab/internal/check"
	"github.com/homelab-iac/terraform-provider-homelab/internal/execute"
	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
)

// What the concepts need of the core's errors and plans.
type (
	// Error is how applying or destroying ended that could not be carried out.
	Error = execute.Error
	// Failure is one operation that failed.
	Failure = execute.Failure
	// Change is one thing that will differ afterwards.
	Change = plan.Change
	// Difference is why something differs.
	Difference = plan.Difference
	// Restarted is a service that is restarted for its state.
	Restarted = plan.Restarted
	// Problem is why a plan cannot be carried out.
	Problem = check.Problem
)

// Why a container did not arrive.
var (
	ErrTimeout   = execute.ErrTimeout
	ErrUnhealthy = execute.ErrUnhealthy
	ErrExited    = execute.ErrExited
)
