package compose

import (
	"slices"

	"github.com/compose-spec/compose-go/v2/types"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

// overwritten are the labels that Docker Compose v5 writes on each kind of object
// whatever the document says (CustomLabels in pkg/compose/loader.go and create.go,
// prepareLabels): a document that has them, often with the project's own name, is run
// as if it had not.
var overwritten = map[string][]string{
	"services": {
		desired.LabelProject, desired.LabelService, desired.LabelNumber, desired.LabelOneOff, desired.LabelConfigHash, desired.LabelImage,
		desired.LabelComposeVer, desired.LabelWorkingDir, desired.LabelConfigFiles,
	},
	"networks": {desired.LabelProject, desired.LabelNetwork, desired.LabelComposeVer, desired.LabelConfigHash},
	"volumes":  {desired.LabelProject, desired.LabelVolume, desired.LabelComposeVer, desired.LabelConfigHash},
}

// checkLabels refuses labels that Docker Compose and homelab keep their books in, and
// warns of those that Docker Compose overwrites.
func (l *load) checkLabels(path fieldPath, labels types.Labels) {
	for _, key := range sortedKeys(labels) {
		switch {
		case !desired.IsManagementLabel(key):
		case path[len(path)-1] == "labels" && len(path) == 3 && slices.Contains(overwritten[path[0]], key):
			l.warn(owner(path) + "label " + quote(key) + " has no effect: as under Docker Compose, it is overwritten with what is true")
		default:
			l.addErrorAt(path.next(key), "%slabel %q is kept by the provider itself: use another name", owner(path), key)
		}
	}
}

// ownLabels copies the labels of an object of a kind without those that are
// overwritten; none is nil.
func ownLabels(kind string, labels types.Labels) map[string]string {
	out := notEmpty(labels)
	for _, key := range overwritten[kind] {
		delete(out, key)
	}
	return notEmpty(out)
}
