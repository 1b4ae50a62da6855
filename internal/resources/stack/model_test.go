package stack

import (
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/concept/concepttest"
)

func TestModel_InputsKnown_AsksEachInput(t *testing.T) {
	concepttest.EachField(t, func(m, _ *model) bool { return !m.inputsKnown() },
		"id", "services", "networks", "volumes", // computed
		"secrets",                                                // can be planned without
		"remove_volumes", "protect_data", "rollback", "timeouts") // say how, not what
}

func TestModel_SameInputs_ComparesEachInput(t *testing.T) {
	concepttest.EachField(t, func(changed, null *model) bool { return !sameInputs(changed, null) },
		"id", "services", "networks", "volumes", // computed
		"name", "node", // another is another stack
		"secrets",      // not in state
		"protect_data") // nothing of it is on the node
}
