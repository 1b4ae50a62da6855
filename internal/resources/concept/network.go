package concept

import (
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
)

// KeptMetadata warns that a network which exists keeps its "labels" or "description",
// whichever is the attribute, on the nodes where it stays.
func KeptMetadata(attribute, network string, nodes ...string) diag.Diagnostic {
	return diag.NewAttributeWarningDiagnostic(path.Root(attribute), "Labels of network are not changed", fmt.Sprintf(
		"No engine can change the %s of a network that exists. The state has what is written now; network %q on %s has it once it is replaced for another reason.",
		attribute, network, Nodes(nodes)))
}

// secondsEach is how long taking a container off a network and attaching it takes,
// of which it is without for half on average.
const secondsEach = 1

// Interruption says for how long containers lose their connection to a network that
// is recreated under them.
func Interruption(containers int) string {
	return fmt.Sprintf("usually for about %d s", 1+containers*secondsEach/2)
}

// Nodes names nodes in a sentence: node "atlas", or nodes "atlas" and "helios".
func Nodes(names []string) string {
	var quoted []string
	for _, name := range names {
		quoted = append(quoted, fmt.Sprintf("%q", name))
	}
	last := len(quoted) - 1
	if last < 1 {
		return "node " + strings.Join(quoted, "")
	}
	return "nodes " + strings.Join(quoted[:last], ", ") + " and " + quoted[last]
}
