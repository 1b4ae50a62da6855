package observed

import (
	"strings"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/volume"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

// index is what is kept of a node's lists, by what it is looked up by: the lists
// are large. It is made once for a node and shared by all of its stacks, so that
// the time for each does not grow with the number of the others. It is never
// written to again.
type index struct {
	networks    map[string]Network
	volumes     map[string]Volume
	mountpoints map[string]Volume
	names       map[string]string            // of containers, to their IDs
	byID        map[string]string            // the containers' names, by their IDs
	mounted     map[string]map[string]string // what containers mount, by their IDs and the target
	ports       map[string]Holder
	containers  map[string]Holder    // by ID
	listed      map[string]string    // the image that a container is listed with, by the container's ID
	attached    map[string][]string  // containers, by the name of a network that they are on
	endpoints   map[string][]string  // those of them that have an address there now
	windows     []Window             // containers that show a directory of the node
	secrets     map[string]*Secret   // by name
	guests      map[string][]Holder  // containers that share the network namespace of one, by its ID
	notes       map[string][]Network // of containers that belong on a network, by its name
	strays      []Stray
	leftovers   []Leftover
	// What follows is by stack.
	projects map[string][]string // containers of services
	scratch  map[string][]string // containers that deliver files
	owned    map[string]bool     // has a network that homelab made
}

func newIndex(containers []container.Summary, networks []Network, volumes []*volume.Volume) *index {
	i := &index{
		networks: map[string]Network{}, volumes: map[string]Volume{}, mountpoints: map[string]Volume{}, names: map[string]string{}, byID: map[string]string{}, mounted: map[string]map[string]string{},
		ports: holders(containers), containers: map[string]Holder{}, listed: map[string]string{}, attached: map[string][]string{}, endpoints: map[string][]string{},
		projects: map[string][]string{}, scratch: map[string][]string{}, owned: map[string]bool{},
		secrets: map[string]*Secret{}, guests: map[string][]Holder{},
		notes: map[string][]Network{},
	}
	for _, n := range networks {
		if network, _, ok := desired.ReadReattachNote(n.Labels); ok {
			i.notes[network] = append(i.notes[network], n)
			continue
		}
		i.networks[n.Name] = n
		i.owned[n.Labels[desired.LabelStack]] = true
	}
	for _, v := range volumes {
		i.volumes[v.Name], i.mountpoints[v.Mountpoint] = *v, *v
	}
	for _, c := range containers {
		i.add(c)
	}
	i.addStrays(containers)
	i.addSecrets(containers)
	return i
}

// noted reports whether the node has a note.
func (i *index) noted(note desired.Note) bool {
	return i.volumes[note.Volume()].Labels[desired.LabelScratch] == note.Label()
}

func (i *index) add(c container.Summary) {
	i.listed[c.ID], i.containers[c.ID] = c.Image, holderOf(c)
	for _, name := range c.Names {
		i.names[trimName(name)] = c.ID
		if !strings.Contains(trimName(name), "/") { // which is a link's
			i.byID[c.ID] = trimName(name)
		}
	}
	for _, m := range c.Mounts {
		if i.mounted[c.ID] == nil {
			i.mounted[c.ID] = map[string]string{}
		}
		i.mounted[c.ID][m.Destination] = mounted(m)
	}
	i.addNetworks(c)
	if w, ok := windowOf(&c); ok {
		i.windows = append(i.windows, w)
	}
	scratch, project := c.Labels[desired.LabelScratch], c.Labels[desired.LabelProject]
	if scratch != "" {
		i.scratch[scratch] = append(i.scratch[scratch], c.ID)
	}
	if project != "" && project != scratch && c.Labels[desired.LabelOneOff] != "True" && c.Labels[desired.LabelHook] == "" {
		i.projects[project] = append(i.projects[project], c.ID)
	}
}

// addNetworks adds what networks a container is on, or whose it shares.
func (i *index) addNetworks(c container.Summary) {
	if host, ok := strings.CutPrefix(c.HostConfig.NetworkMode, desired.ContainerPrefix); ok {
		i.guests[host] = append(i.guests[host], holderOf(c))
	}
	if c.NetworkSettings != nil {
		for name, endpoint := range c.NetworkSettings.Networks {
			if endpoint != nil {
				i.attached[name] = append(i.attached[name], c.ID)
				if endpoint.EndpointID != "" {
					i.endpoints[name] = append(i.endpoints[name], c.ID)
				}
			}
		}
	}
}

// Volume is the node's volume of a name.
func (n *Node) Volume(name string) (v Volume, exists bool) {
	v, exists = n.index.volumes[name]
	return v, exists
}
