package secret

import (
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/concept/concepttest"
)

func TestModel_InputsKnown_AsksEachInput(t *testing.T) {
	concepttest.EachField(t, func(m, _ *model) bool { return !m.inputsKnown(t.Context()) },
		"id", "version", "rotated", "volume", "mount", "superseded", "watched", // computed
		"value", "value_base64", // can be planned without
		"keep_on_destroy", "timeouts") // say how, not what
}

func TestModel_SameInputs_ComparesEachInput(t *testing.T) {
	concepttest.EachField(t, func(changed, null *model) bool { return !sameInputs(changed, null) },
		"id", "version", "rotated", "volume", "mount", "superseded", "watched", // computed
		"name", "node", // another is another secret
		"value", "value_base64") // not in state
}
