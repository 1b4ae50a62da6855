package observed

import (
	"slices"
	"time"

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

// Leftover is a container that an apply made for a moment and that does not run. The
// apply may be under way.
type Leftover struct {
	ID      string
	Created time.Time
}

// Leftovers are those containers, whatever they are for. What says that something is
// being made for the first time is not among them: the next create goes by it.
func (n *Node) Leftovers() []Leftover { return slices.Clone(n.index.leftovers) }

// addStrays finds them, and leftovers; the index has all names and windows.
func (i *index) addStrays(containers []container.Summary) {
	for k := range containers {
		c := &containers[k]
		if scratch := c.Labels[desired.LabelScratch]; scratch != "" && !desired.IsNote(scratch) && (c.State == container.StateCreated || c.State == container.StateExited) {
			i.leftovers = append(i.leftovers, Leftover{ID: c.ID, Created: time.Unix(c.Created, 0)})
		}
		if i.isLostWindow(c) {
			i.strays = append(i.strays, Stray{ID: c.ID, Taken: true})
		}
		if name := helperName(&containers[k]); name != "" {
			_, taken := i.names[name]
			i.strays = append(i.strays, Stray{ID: containers[k].ID, Name: name, Taken: taken})
		}
	}
}

// isLostWindow reports whether a container is a window of an earlier release that was
// renamed, and another window shows the same: nothing says whose it was.
func (i *index) isLostWindow(c *container.Summary) bool {
	w, ok := windowOf(c)
	if !ok || c.Labels[desired.LabelHelper] != "" || desired.IsWindowName(w.Name) {
		return false
	}
	return slices.ContainsFunc(i.windows, func(other Window) bool { return other.Root == w.Root && desired.IsWindowName(other.Name) })
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
