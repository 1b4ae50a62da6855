package plan_test

import (
	"slices"
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
)

// needs reports whether an operation has to wait for the one with an ID.
func needs(op *plan.Operation, id string) bool {
	return slices.ContainsFunc(op.Needs, func(need *plan.Operation) bool { return need.ID == id })
}

// checkEdges fails if a prerequisite is not an operation of the plan, or if
// operations wait for each other.
func checkEdges(t *testing.T, p *plan.Plan) {
	t.Helper()
	const visiting, visited = 1, 2
	mark := map[*plan.Operation]int{}
	var visit func(*plan.Operation)
	visit = func(op *plan.Operation) {
		mark[op] = visiting
		for _, need := range op.Needs {
			switch {
			case !slices.Contains(p.Operations, need):
				t.Errorf("%q waits for an operation that is not part of the plan:\n%s", op.ID, p)
			case mark[need] == visiting:
				t.Errorf("%q and %q wait for each other:\n%s", op.ID, need.ID, p)
			case mark[need] == 0:
				visit(need)
			}
		}
		mark[op] = visited
	}
	for _, op := range p.Operations {
		if mark[op] == 0 {
			visit(op)
		}
	}
}
