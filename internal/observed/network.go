package observed

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/versions"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

// NetworkOnNode is a network and what is on it.
type NetworkOnNode struct {
	Name string
	// Exists reports whether it is there; the fields of Network are empty otherwise.
	Exists  bool
	Network Network
	// Attached are the containers that are on it, running or not, sorted by name:
	// an engine knows the network of a stopped one by its ID, so that it does not
	// start once another has the name.
	Attached []Attached
	// Notes are the networks that say which containers belong on this one, because a
	// replacement of it was not finished; empty otherwise. Detached are those of the
	// containers that are there and off it, in the order to attach them in.
	Notes    []Network
	Detached []Attached
	// Unfinished reports that a create of the network was cut off: no state has it.
	Unfinished bool
	// Others are all other networks of the node, by name.
	Others map[string]Network
	// APIVersion is the version the engine speaks with us.
	APIVersion string
}

// Attached is a container on a network.
type Attached struct {
	ID, Name string
	// Stack and Service are set for a container of a Compose project.
	Stack, Service string
	// Publishes are the ports that it publishes, as text, and Ingress reports that it
	// is the ingress by its label.
	Publishes []string
	Ingress   bool
	// Running reports whether it runs now, paused included.
	Running bool
	// Address is the address it has on the network now; empty for none.
	Address string
	// Endpoint is how it is to be attached again: with its aliases, fixed
	// addresses, links and options; of what the engine chose only its MAC address,
	// so that neighbours need not learn another.
	Endpoint desired.Endpoint
}

// Network reads one network: an inspection of each container on it.
func (n *Node) Network(ctx context.Context, name string) (*NetworkOnNode, error) {
	out := &NetworkOnNode{Name: name, Others: map[string]Network{}, APIVersion: n.reader.ClientVersion()}
	out.Network, out.Exists = n.index.networks[name]
	out.Unfinished = n.index.noted(desired.Note{Kind: desired.NoteNetwork, Name: name})
	for other, item := range n.index.networks {
		if other != name {
			out.Others[other] = item
		}
	}
	out.Notes = slices.Clone(n.index.notes[name])
	slices.SortFunc(out.Notes, func(a, b Network) int { return strings.Compare(a.Name, b.Name) })
	if out.Exists {
		if err := n.attachedTo(ctx, out); err != nil {
			return nil, err
		}
	}
	return out, n.detachedFrom(ctx, out)
}

// attachedTo reads the containers on a network.
func (n *Node) attachedTo(ctx context.Context, out *NetworkOnNode) error {
	for _, id := range n.index.attached[out.Name] {
		c, err := n.container(ctx, id)
		if errdefs.IsNotFound(err) {
			continue
		}
		if err != nil {
			return fmt.Errorf("inspect container %.12s: %w", id, err)
		}
		if one, ok := attached(c, out.Name, out.APIVersion); ok {
			out.Attached = append(out.Attached, one)
		}
	}
	slices.SortFunc(out.Attached, func(a, b Attached) int { return strings.Compare(a.Name, b.Name) })
	return nil
}

// detachedFrom reads the containers that a network's notes say belong on it, as far
// as they are there and off it.
func (n *Node) detachedFrom(ctx context.Context, out *NetworkOnNode) error {
	seen := map[string]bool{}
	for _, one := range out.Attached {
		seen[one.ID] = true
	}
	for _, note := range out.Notes {
		_, list, _ := desired.ReadReattachNote(note.Labels)
		for _, was := range list {
			if _, listed := n.index.listed[was.ID]; !listed || seen[was.ID] {
				continue
			}
			seen[was.ID] = true
			c, err := n.container(ctx, was.ID)
			if errdefs.IsNotFound(err) {
				continue
			}
			if err != nil {
				return fmt.Errorf("inspect container %.12s: %w", was.ID, err)
			}
			out.Detached = append(out.Detached, newAttached(c, was.Endpoint))
		}
	}
	return nil
}

// Desired describes the network so that the same can be recreated.
func (n *NetworkOnNode) Desired() desired.Network {
	out := desired.NetworkOf(n.Network)
	ipv4 := true // as before engines could do without, and didn't say
	if !versions.LessThan(n.APIVersion, apiEnableIPv4) {
		ipv4 = n.Network.EnableIPv4
	}
	if out.ConfigFrom == "" {
		out.EnableIPv4 = &ipv4
	}
	return out
}

// attached describes how a container is on a network; ok is false if it is not.
func attached(c container.InspectResponse, name, api string) (Attached, bool) {
	if c.NetworkSettings == nil || c.NetworkSettings.Networks[name] == nil || c.ContainerJSONBase == nil || c.Config == nil {
		return Attached{}, false
	}
	e := c.NetworkSettings.Networks[name]
	one := newAttached(c, desired.Endpoint{MacAddress: e.MacAddress, Links: e.Links, DriverOpts: maps.Clone(e.DriverOpts), GwPriority: e.GwPriority})
	if versions.LessThan(api, apiEndpointMAC) {
		one.Endpoint.MacAddress = "" // which they have for the container only
	}
	one.Address = e.IPAddress
	if one.Address == "" {
		one.Address = e.GlobalIPv6Address
	}
	for _, alias := range e.Aliases {
		if !strings.HasPrefix(c.ID, alias) || len(alias) < shortID { // which the engine adds by itself
			one.Endpoint.Aliases = append(one.Endpoint.Aliases, alias)
		}
	}
	if e.IPAMConfig != nil {
		fixed := *e.IPAMConfig
		one.Endpoint.IPAMConfig = &fixed
	}
	return one, true
}

// publishes lists what a container publishes, as text and in order.
func publishes(c container.InspectResponse) []string {
	if c.HostConfig == nil {
		return nil
	}
	var out []string
	for _, p := range desired.PublishedPorts(c.HostConfig.PortBindings) {
		out = append(out, "port "+p.Port+"/"+p.Protocol)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// newAttached is a container with how it is, or is to be, on a network.
func newAttached(c container.InspectResponse, endpoint desired.Endpoint) Attached {
	one := Attached{Endpoint: endpoint}
	if c.ContainerJSONBase != nil {
		one.ID, one.Name, one.Running = c.ID, trimName(c.Name), c.State != nil && c.State.Running
		one.Publishes = publishes(c)
	}
	if c.Config != nil {
		one.Ingress = c.Config.Labels[desired.LabelZone] == desired.ZoneExternal
		one.Stack, one.Service = c.Config.Labels[desired.LabelProject], c.Config.Labels[desired.LabelService]
	}
	return one
}

// apiEndpointMAC is the API version from which an endpoint has its own MAC address.
const apiEndpointMAC = "1.44"

// apiEnableIPv4 is the API version from which a network may be without IPv4.
const apiEnableIPv4 = "1.48"

// shortID is how many digits of an ID engines make an alias of.
const shortID = 12
