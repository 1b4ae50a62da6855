package observed

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/go-connections/nat"
	"golang.org/x/sync/errgroup"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

// Swarm's own labels on the containers of its services.
const (
	labelSwarmStack   = "com.docker.stack.namespace"
	labelSwarmService = "com.docker.swarm.service.name"
)

// Inventory is all that a node runs or could run again, whatever made it: every
// container that is not a tool of an apply or of "docker compose run", and every
// network. Both are sorted by name.
type Inventory struct {
	Containers []RunningContainer
	Networks   []RunningNetwork
}

// RunningContainer is one container of a node and what ties it to others.
type RunningContainer struct {
	ID, Name string
	// Stack and Service are those of Docker Compose or of a swarm; both are empty
	// for a container that belongs to none.
	Stack, Service string
	Image          string
	State          State
	Labels         map[string]string
	// VirtualHost is the environment variable VIRTUAL_HOST, by which nginx-proxy
	// finds the names to serve.
	VirtualHost string
	Ports       []PublishedPort
	// NetworkMode is the engine's: "bridge", "host", "none", "container:<id>" or a
	// network's name.
	NetworkMode string
	Networks    []string
	// DependsOn are services of the same stack.
	DependsOn []string
	// Shares are the containers whose namespaces or volumes it uses, and Links
	// those it links to.
	Shares []RunningShare
	Links  []string // names of containers
}

// PublishedPort is a port of the node that leads to one of a container's.
type PublishedPort struct {
	// IP is empty for all addresses of the node.
	IP string
	// Public is zero where the engine has yet to choose it.
	Public, Private int
	Protocol        string
}

// RunningShare is a container whose namespace or volumes another one uses.
type RunningShare struct {
	Field     string // as in [desired.Share]
	Container string // name or ID
}

// RunningNetwork is one network of a node.
type RunningNetwork struct {
	Name, ID, Driver string
	// Stack is the stack that made it; empty for none.
	Stack    string
	Internal bool
	// Shared reports that the same network reaches over several nodes.
	Shared  bool
	Subnets []string
	// Parent is the interface of the node that a macvlan or ipvlan network is on.
	Parent string
	Labels map[string]string
}

// Inventory inspects every container of the node that no stack's reading has
// inspected already. Nothing of it is kept: it would be most of what a large node
// takes of memory.
func (n *Node) Inventory(ctx context.Context) (Inventory, error) {
	var inventory Inventory
	var mu sync.Mutex // guards inventory.Containers
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(inspections)
	for id := range n.index.listed {
		group.Go(func() error {
			c, err := n.glance(ctx, id)
			if errdefs.IsNotFound(err) || err == nil && isTool(c) {
				return nil
			}
			if err != nil {
				return fmt.Errorf("inspect container %s: %w", id[:shortIDLength], err)
			}
			mu.Lock()
			defer mu.Unlock()
			inventory.Containers = append(inventory.Containers, newRunning(c))
			return nil
		})
	}
	for _, item := range n.index.networks {
		inventory.Networks = append(inventory.Networks, newRunningNetwork(item))
	}
	err := group.Wait()
	slices.SortFunc(inventory.Containers, func(a, b RunningContainer) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.ID, b.ID))
	})
	slices.SortFunc(inventory.Networks, func(a, b RunningNetwork) int { return strings.Compare(a.Name, b.Name) })
	return inventory, err
}

// glance inspects a container without keeping the answer.
func (n *Node) glance(ctx context.Context, id string) (container.InspectResponse, error) {
	n.mu.Lock()
	c, ok := n.inspected[id]
	n.mu.Unlock()
	if ok {
		return c, nil
	}
	giveBack, err := n.slot(ctx)
	if err != nil {
		return c, err
	}
	defer giveBack()
	return n.reader.ContainerInspect(ctx, id)
}

// isTool reports whether a container belongs to "docker compose run", or to an apply
// that made it for itself.
func isTool(c container.InspectResponse) bool {
	if c.Config == nil {
		return false
	}
	labels := c.Config.Labels
	return labels[desired.LabelScratch] != "" || labels[desired.LabelSecret] != "" || labels[desired.LabelHook] != "" || labels[desired.LabelOneOff] == "True"
}

func newRunning(c container.InspectResponse) RunningContainer {
	out := RunningContainer{ID: c.ID, Name: trimName(c.Name), Labels: map[string]string{}}
	if c.Config != nil {
		out.Image = c.Config.Image
		if c.Config.Labels != nil {
			out.Labels = c.Config.Labels
		}
		for _, item := range c.Config.Env {
			if hosts, ok := strings.CutPrefix(item, "VIRTUAL_HOST="); ok {
				out.VirtualHost = hosts
			}
		}
	}
	out.State = stateOf(c)
	out.Stack, out.Service = out.Labels[desired.LabelProject], out.Labels[desired.LabelService]
	if name := out.Labels[labelSwarmService]; out.Stack == "" && name != "" {
		out.Stack = out.Labels[labelSwarmStack]
		out.Service = strings.TrimPrefix(name, out.Stack+"_")
	}
	out.DependsOn = readDependsOn(out.Labels[desired.LabelDependsOn])
	out.readHost(c.HostConfig)
	if c.NetworkSettings != nil {
		for name, endpoint := range c.NetworkSettings.Networks {
			out.Networks = append(out.Networks, name)
			if endpoint != nil {
				out.readLinks(endpoint.Links) // where Docker Compose puts them
			}
		}
		if ports := readPorts(c.NetworkSettings.Ports); len(ports) > 0 { // with those that the engine chose
			out.Ports = ports
		}
	}
	slices.Sort(out.Networks)
	out.Links = sorted(out.Links)
	return out
}

// stateOf is the container's state, health included. One that ended well and is
// not to be started again has done its work.
func stateOf(c container.InspectResponse) State {
	state := Container{HasHealthcheck: c.Config != nil && hasHealthcheck(c.Config.Healthcheck)}
	state.readState(c.State)
	if state.State == Exited && state.ExitCode == 0 && (c.HostConfig == nil || c.HostConfig.RestartPolicy.IsNone() || c.HostConfig.RestartPolicy.IsOnFailure()) {
		return Completed
	}
	return state.State
}

// readDependsOn reads Docker Compose's label, "db:service_healthy:false,…".
func readDependsOn(label string) []string {
	var names []string
	for _, item := range strings.Split(label, ",") {
		if name, _, _ := strings.Cut(item, ":"); name != "" {
			names = append(names, name)
		}
	}
	return sorted(names)
}

func (c *RunningContainer) readHost(host *container.HostConfig) {
	if host == nil {
		return
	}
	c.NetworkMode = string(host.NetworkMode)
	c.Ports = readPorts(host.PortBindings)
	for _, mode := range []struct{ field, value string }{
		{"network_mode", string(host.NetworkMode)}, {"pid", string(host.PidMode)}, {"ipc", string(host.IpcMode)},
	} {
		if other, ok := strings.CutPrefix(mode.value, desired.ContainerPrefix); ok {
			c.Shares = append(c.Shares, RunningShare{mode.field, other})
		}
	}
	for _, item := range host.VolumesFrom {
		other, _, _ := strings.Cut(item, ":")
		c.Shares = append(c.Shares, RunningShare{"volumes_from", other})
	}
	c.readLinks(host.Links)
}

// readLinks reads "db:alias", or "/db:/web/alias" as the engine spells it.
func (c *RunningContainer) readLinks(links []string) {
	for _, link := range links {
		name, _, _ := strings.Cut(link, ":")
		c.Links = append(c.Links, trimName(name))
	}
}

// readPorts lists the bindings; one for all IPv4 and one for all IPv6 addresses
// are the same when seen from outside.
func readPorts(bindings nat.PortMap) []PublishedPort {
	var ports []PublishedPort
	for port, list := range bindings {
		for _, binding := range list {
			one := PublishedPort{IP: binding.HostIP, Private: port.Int(), Protocol: port.Proto()}
			if one.IP == "0.0.0.0" || one.IP == "::" {
				one.IP = ""
			}
			one.Public, _ = strconv.Atoi(binding.HostPort)
			if !slices.Contains(ports, one) {
				ports = append(ports, one)
			}
		}
	}
	slices.SortFunc(ports, func(a, b PublishedPort) int {
		return cmp.Or(cmp.Compare(a.Public, b.Public), cmp.Compare(a.Private, b.Private),
			strings.Compare(a.Protocol, b.Protocol), strings.Compare(a.IP, b.IP))
	})
	return ports
}

func newRunningNetwork(item network.Summary) RunningNetwork {
	out := RunningNetwork{
		Name: item.Name, ID: item.ID, Driver: item.Driver, Internal: item.Internal, Labels: item.Labels,
		Shared: item.Scope == "swarm", Parent: item.Options["parent"],
		Stack: cmp.Or(item.Labels[desired.LabelProject], item.Labels[labelSwarmStack]),
	}
	for _, config := range item.IPAM.Config {
		if config.Subnet != "" {
			out.Subnets = append(out.Subnets, config.Subnet)
		}
	}
	return out
}
