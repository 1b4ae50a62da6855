package concept_test

import (
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/concept"
)

func TestKeptMetadata_OneNodeOrSeveral_AreNamed(t *testing.T) {
	for want, nodes := range map[string][]string{
		`node "atlas"`:                         {"atlas"},
		`nodes "atlas" and "helios"`:           {"atlas", "helios"},
		`nodes "atlas", "helios" and "hermes"`: {"atlas", "helios", "hermes"},
	} {
		want = `No engine can change the labels of a network that exists. The state has what is written now; network "lan" on ` + want +
			" has it once it is replaced for another reason."
		if got := concept.KeptMetadata("labels", "lan", nodes...).Detail(); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}
