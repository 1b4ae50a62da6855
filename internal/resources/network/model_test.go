package network

import (
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/concept/concepttest"
)

func TestModel_InputsKnown_AsksEachInput(t *testing.T) {
	concepttest.EachField(t, func(m, _ *model) bool { return !m.inputsKnown(t.Context()) },
		"id", "network_id", "subnets", "engine_labels", "reattached", // computed
		"timeouts") // says how, not what
}
