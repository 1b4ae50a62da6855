package observed

import (
	"slices"

	"github.com/docker/docker/api/types/container"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

// Stray is a container that an apply made for itself and that somebody renamed.
type Stray struct {
	ID string
	// Name is what it was called, and Taken reports that another container has that
	// name by now.
	Name  string
	Taken bool
}

// Strays are the containers that applies made for themselves under a name that they
// do not have any more. Each is found by that name where it is needed.
func (n *Node) Strays() []Stray { return slices.Clone(n.index.strays) }

// addStrays finds them; the index has all names.
func (i *index) addStrays(containers []container.Summary) {
	for k := range containers {
		if name := helperName(&containers[k]); name != "" {
			_, taken := i.names[name]
			i.strays = append(i.strays, Stray{ID: containers[k].ID, Name: name, Taken: taken})
		}
	}
}

// helperName is the name that a renamed helper should have; empty for any other
// container. Those of earlier releases are known where the name follows from what
// they are for.
func helperName(c *container.Summary) string {
	name := c.Labels[desired.LabelHelper]
	if secret := c.Labels[desired.LabelSecret]; name == "" && secret != "" {
		name = desired.Secret{Name: secret}.WindowName()
	}
	if name == "" || slices.Contains(c.Names, "/"+name) {
		return ""
	}
	return name
}
