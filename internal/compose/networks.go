package compose

import (
	"cmp"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

// interfaceOption is the endpoint's option that interface_name sets.
const interfaceOption = "com.docker.network.endpoint.ifname"

func networkMode(name string) container.NetworkMode { return container.NetworkMode(name) }

// networkMode returns the mode of a service that joins no network by name.
func (l *load) networkMode(s types.ServiceConfig) container.NetworkMode {
	mode := s.NetworkMode
	switch {
	case mode == "default":
		mode = "bridge"
	case mode == "", mode == "none", mode == "host", mode == "bridge",
		strings.HasPrefix(mode, types.ServicePrefix), strings.HasPrefix(mode, types.ContainerPrefix):
	default:
		l.addServiceError(s.Name, "network_mode", "network_mode %q is not one of none, host, bridge, service:<name> and container:<name>: to join a network that exists, declare it under the top-level networks with external: true", mode)
	}
	if len(s.Networks) > 0 && mode != "" {
		l.addServiceError(s.Name, "network_mode", "network_mode and networks exclude each other: keep one")
	}
	if mode == "host" && len(s.Ports) > 0 {
		l.warn("service " + quote(s.Name) + ": ports have no effect with network_mode host, where every port is the node's own")
	}
	return container.NetworkMode(mode)
}

// sharing turns "container:<name>" into "service:<name>" where the name is that of
// the first container of a service of the project: it has to be there first. In
// volumes_from the engine keeps the name that it is given, as Docker Compose gives it.
func sharing(p *types.Project, s types.ServiceConfig) types.ServiceConfig {
	names := map[string]string{}
	for _, other := range p.Services {
		names[cmp.Or(other.ContainerName, p.Name+"-"+other.Name+"-1")] = other.Name
	}
	for _, mode := range []*string{&s.NetworkMode, &s.Ipc, &s.Pid} {
		if name, ok := strings.CutPrefix(*mode, types.ContainerPrefix); ok && names[name] != "" {
			*mode = types.ServicePrefix + names[name]
		}
	}
	return s
}

// checkSharedNetwork reports what the engine refuses for a container that uses
// the network of another (daemon/container: validateNetMode in moby).
func (l *load) checkSharedNetwork(s types.ServiceConfig) {
	shared := strings.HasPrefix(s.NetworkMode, types.ServicePrefix) || strings.HasPrefix(s.NetworkMode, types.ContainerPrefix)
	if s.NetworkMode == "host" && len(s.Links) > 0 {
		l.addServiceError(s.Name, "links", "links cannot be used with network_mode host")
	}
	if s.MacAddress != "" && len(s.Networks) == 0 {
		l.addServiceError(s.Name, "mac_address", "mac_address needs a network of the service's own")
	}
	if !shared {
		return
	}
	for key, set := range map[string]bool{
		"ports": len(s.Ports) > 0, "expose": len(s.Expose) > 0, "hostname": s.Hostname != "", "dns": len(s.DNS) > 0,
		"extra_hosts": len(s.ExtraHosts) > 0, "links": len(s.Links) > 0,
	} {
		if set {
			l.addServiceError(s.Name, key, "%s cannot be used with network_mode %s: set it on the service whose network it is", key, s.NetworkMode)
		}
	}
}

// attachments converts a service's networks, the one with the highest priority
// first.
func (l *load) attachments(p *types.Project, s types.ServiceConfig) []desired.Attachment {
	var out []desired.Attachment
	links := l.links(p, s)
	for i, key := range s.NetworksByPriority() {
		options := s.Networks[key]
		if options == nil {
			options = &types.ServiceNetworkConfig{}
		}
		settings := network.EndpointSettings{
			Aliases:    aliases(s.Name, options.Aliases),
			Links:      links,
			IPAMConfig: l.addresses(p, s, key, options),
			MacAddress: l.macAddress(s, key, options, i == 0),
			DriverOpts: endpointOptions(options),
			GwPriority: options.GatewayPriority,
		}
		out = append(out, desired.Attachment{Network: p.Networks[key].Name, Settings: settings, Priority: options.Priority})
	}
	return out
}

// aliases are the service's name and the user's, each once.
func aliases(service string, own []string) []string {
	return append([]string{service}, slices.DeleteFunc(sorted(own), func(a string) bool { return a == service })...)
}

func endpointOptions(options *types.ServiceNetworkConfig) map[string]string {
	out := notEmpty(options.DriverOpts)
	if options.InterfaceName != "" {
		if out == nil {
			out = map[string]string{}
		}
		out[interfaceOption] = options.InterfaceName
	}
	return out
}

// addresses returns nil when the engine shall choose.
func (l *load) addresses(p *types.Project, s types.ServiceConfig, key string, options *types.ServiceNetworkConfig) *network.EndpointIPAMConfig {
	config := network.EndpointIPAMConfig{
		IPv4Address:  l.address(p, s, key, "ipv4_address", options.Ipv4Address),
		IPv6Address:  l.address(p, s, key, "ipv6_address", options.Ipv6Address),
		LinkLocalIPs: sorted(options.LinkLocalIPs),
	}
	for _, ip := range config.LinkLocalIPs {
		if _, err := netip.ParseAddr(ip); err != nil {
			l.addServiceError(s.Name, "networks."+key+".link_local_ips", "link_local_ips %q is not an IP address", ip)
		}
	}
	if config.IPv4Address == "" && config.IPv6Address == "" && len(config.LinkLocalIPs) == 0 {
		return nil
	}
	return &config
}

// address checks a fixed address against the network it is in: the engine takes
// none outside a subnet that the user configured.
func (l *load) address(p *types.Project, s types.ServiceConfig, key, field, text string) string {
	if text == "" {
		return ""
	}
	path := "networks." + key + "." + field
	ip, err := netip.ParseAddr(text)
	if err != nil || ip.Is4() != (field == "ipv4_address") {
		l.addServiceError(s.Name, path, "%s %q is not a valid address", field, text)
		return text
	}
	if p.Networks[key].External {
		return ip.String()
	}
	var subnets []string
	for _, pool := range p.Networks[key].Ipam.Config {
		if subnet, err := netip.ParsePrefix(pool.Subnet); err == nil && subnet.Contains(ip) {
			return ip.String()
		}
		subnets = append(subnets, pool.Subnet)
	}
	if len(subnets) == 0 {
		l.addServiceError(s.Name, path, "%s needs a subnet: set ipam.config.subnet of network %q", field, key)
	} else {
		l.addServiceError(s.Name, path, "%s %s is outside network %q (%s)", field, text, key, strings.Join(subnets, ", "))
	}
	return text
}

func (l *load) macAddress(s types.ServiceConfig, key string, options *types.ServiceNetworkConfig, first bool) string {
	mac := options.MacAddress
	if first && s.MacAddress != "" {
		if mac != "" && mac != s.MacAddress {
			l.addServiceError(s.Name, "mac_address", "mac_address differs from that of network %q: keep the network's", key)
		}
		mac = s.MacAddress
	}
	if mac == "" {
		return ""
	}
	parsed, err := net.ParseMAC(mac)
	if err != nil {
		l.addServiceError(s.Name, "mac_address", "mac_address %q is not a MAC address", mac)
		return mac
	}
	return parsed.String()
}

// links spells links to this stack's services and to other containers as the
// engine wants them, "container:alias". A service is linked by three names, as
// under Docker Compose (pkg/compose, getLinks): the last is the one that its
// container has unless container_name gives it another.
func (l *load) links(p *types.Project, s types.ServiceConfig) []string {
	var out []string
	for _, link := range s.Links {
		target, alias, ok := strings.Cut(link, ":")
		if !ok {
			alias = target
		}
		linked := p.Services[target]
		for number := 1; number <= linked.GetScale(); number++ {
			name := l.containerName(linked, number)
			out = append(out, name+":"+alias, fmt.Sprintf("%s:%s-%d", name, target, number), fmt.Sprintf("%s:%s-%s-%d", name, l.in.Name, target, number))
		}
	}
	for _, link := range s.ExternalLinks {
		target, alias, ok := strings.Cut(link, ":")
		if !ok {
			alias = target
		}
		out = append(out, target+":"+alias)
	}
	return sorted(out)
}

func (l *load) networks(p *types.Project) map[string]desired.Network {
	out := map[string]desired.Network{}
	for _, key := range sortedKeys(p.Networks) {
		n := p.Networks[key]
		l.checkLabels(fieldPath{"networks", key, "labels"}, n.Labels)
		converted := desired.Network{
			Key: key, Name: n.Name, External: bool(n.External), Driver: n.Driver, Options: notEmpty(n.DriverOpts),
			Internal: n.Internal, Attachable: n.Attachable, EnableIPv4: n.EnableIPv4, EnableIPv6: n.EnableIPv6,
			IPAM: l.ipam(key, n.Ipam), Labels: ownLabels("networks", n.Labels),
		}
		if !converted.External {
			converted.ComposeHash = l.networkHash(n)
		}
		l.checkBridgeName(converted)
		out[key] = converted
	}
	return out
}

func (l *load) ipam(key string, ipam types.IPAMConfig) *network.IPAM {
	if ipam.Driver == "" && len(ipam.Config) == 0 && len(ipam.Options) == 0 {
		return nil
	}
	out := &network.IPAM{Driver: ipam.Driver, Options: notEmpty(ipam.Options)}
	for _, pool := range ipam.Config {
		out.Config = append(out.Config, l.pool(key, pool))
	}
	slices.SortFunc(out.Config, func(a, b network.IPAMConfig) int { return strings.Compare(a.Subnet, b.Subnet) })
	return out
}

// pool checks one address range and spells it canonically.
func (l *load) pool(key string, pool *types.IPAMPool) network.IPAMConfig {
	at := fieldPath{"networks", key, "ipam"}
	var subnet netip.Prefix
	prefix := func(field, text string) string {
		if text == "" {
			return ""
		}
		parsed, err := netip.ParsePrefix(text)
		if err != nil {
			l.addErrorAt(at, "network %q: ipam %s %q is not an address range such as 10.0.20.0/24", key, field, text)
			return text
		}
		if field == "subnet" {
			subnet = parsed
		}
		return parsed.Masked().String()
	}
	address := func(field, text string) string {
		ip, err := netip.ParseAddr(text)
		switch {
		case text == "":
			return ""
		case err != nil:
			l.addErrorAt(at, "network %q: ipam %s %q is not an IP address", key, field, text)
			return text
		case subnet.IsValid() && !subnet.Contains(ip):
			l.addErrorAt(at, "network %q: ipam %s %s is outside the subnet %s", key, field, text, subnet.Masked())
		}
		return ip.String()
	}
	out := network.IPAMConfig{Subnet: prefix("subnet", pool.Subnet), IPRange: prefix("ip_range", pool.IPRange), Gateway: address("gateway", pool.Gateway)}
	if len(pool.AuxiliaryAddresses) > 0 {
		out.AuxAddress = maps.Clone(map[string]string(pool.AuxiliaryAddresses))
		for _, name := range sortedKeys(out.AuxAddress) {
			out.AuxAddress[name] = address("aux_addresses", out.AuxAddress[name])
		}
	}
	return out
}
