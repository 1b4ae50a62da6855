package desired

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/docker/docker/api/types/network"
)

// Network is one network: of a stack, or by itself.
type Network struct {
	Key      string // in the Compose document; empty for one by itself
	Name     string // on the engine
	External bool
	Driver   string // empty: the engine's default
	Options  map[string]string
	Internal bool
	// Attachable lets standalone containers join a swarm network.
	Attachable bool
	EnableIPv4 *bool
	EnableIPv6 *bool
	IPAM       *network.IPAM // nil: the engine's default
	Labels     map[string]string
	// ConfigOnly makes a network that only lends its settings to others;
	// ConfigFrom names the one whose settings are taken, empty for none.
	ConfigOnly bool
	ConfigFrom string
	// ComposeHash is Docker Compose's own hash of the network.
	ComposeHash string
}

// Endpoint is how a container is on a network.
type Endpoint = network.EndpointSettings

// Pool is one range of a network's addresses, canonically spelled. Empty fields
// are the engine's choice.
type Pool struct {
	Subnet, IPRange, Gateway string
	Aux                      map[string]string
}

// Options of drivers that are attributes in Terraform.
const (
	OptionMTU          = "com.docker.network.driver.mtu"
	OptionBridgeName   = "com.docker.network.bridge.name"
	OptionMasquerade   = "com.docker.network.bridge.enable_ip_masquerade"
	OptionGatewayMode4 = "com.docker.network.bridge.gateway_mode_ipv4"
	OptionGatewayMode6 = "com.docker.network.bridge.gateway_mode_ipv6"
	OptionParent       = "parent"
	OptionMacvlanMode  = "macvlan_mode"
	OptionIPvlanMode   = "ipvlan_mode"
	GatewayModeRouted  = "routed"
	DriverBridge       = "bridge"
	DriverMacvlan      = "macvlan"
	DriverIPvlan       = "ipvlan"
	DriverOverlay      = "overlay"
	ipamDefault        = "default"
	fieldPools         = "ipam."
	fieldOptions       = "driver_opts."
	fieldGateway       = ".gateway"
	fieldIPRange       = ".ip_range"
	fieldAux           = ".aux_addresses."
	fieldEnableIPv4    = "enable_ipv4"
	fieldEnableIPv6    = "enable_ipv6"
	fieldConfigFrom    = "config_from"
	fieldConfigOnly    = "config_only"
	fieldInternal      = "internal"
	fieldAttachable    = "attachable"
	fieldDriver        = "driver"
	fieldZone          = "zone"
	vxlanIDs           = "com.docker.network.driver.overlay.vxlanid_list" // an overlay's, given by the engine
)

// MaxVolumeName is the longest name of a volume in bytes: an engine keeps it in a
// directory of that name.
const MaxVolumeName = 255

// MaxInterfaceName is the longest name of a Linux network interface.
const MaxInterfaceName = 15

// SetPools makes the network have these address ranges; none leaves them to the
// engine.
func (n *Network) SetPools(pools []Pool) {
	n.IPAM = nil
	if len(pools) == 0 {
		return
	}
	n.IPAM = &network.IPAM{Driver: ipamDefault}
	for _, pool := range pools {
		n.IPAM.Config = append(n.IPAM.Config, network.IPAMConfig{
			Subnet: pool.Subnet, IPRange: pool.IPRange, Gateway: pool.Gateway, AuxAddress: pool.Aux})
	}
}

// Pools are the network's address ranges, canonically spelled, in the order in
// which they were asked for. Nil leaves them to the engine.
func (n *Network) Pools() []Pool {
	if n.IPAM == nil {
		return nil
	}
	var pools []Pool
	for _, c := range n.IPAM.Config {
		pool := Pool{Subnet: canonicalPrefix(c.Subnet), IPRange: canonicalPrefix(c.IPRange), Gateway: canonicalAddress(c.Gateway)}
		for name, address := range c.AuxAddress {
			if pool.Aux == nil {
				pool.Aux = map[string]string{}
			}
			pool.Aux[name] = canonicalAddress(address)
		}
		pools = append(pools, pool)
	}
	return pools
}

// canonicalAddress spells an address one way. Engines list a gateway with a
// length behind it where the request had one.
func canonicalAddress(text string) string {
	base, _, _ := strings.Cut(text, "/")
	addr, err := netip.ParseAddr(base)
	if err != nil {
		return text
	}
	return addr.Unmap().String()
}

// CreateOptions is the engine's request for the network, with further labels.
func (n *Network) CreateOptions(marks map[string]string) network.CreateOptions {
	options := network.CreateOptions{
		Driver: n.Driver, Options: n.Options, Internal: n.Internal, Attachable: n.Attachable,
		EnableIPv4: n.EnableIPv4, EnableIPv6: n.EnableIPv6, IPAM: n.IPAM, ConfigOnly: n.ConfigOnly,
	}
	if n.ConfigFrom != "" { // it brings its labels, and allows no others (moby, libnetwork/network.go, validateConfiguration)
		options.ConfigFrom = &network.ConfigReference{Network: n.ConfigFrom}
		options.IPAM, options.Options = nil, nil
		return options
	}
	options.Labels = maps.Clone(n.Labels)
	if options.Labels == nil {
		options.Labels = map[string]string{}
	}
	maps.Copy(options.Labels, marks)
	return options
}

// NetworkOf describes a network that exists so that the same can be recreated.
func NetworkOf(n network.Summary) Network {
	out := Network{Name: n.Name, Driver: n.Driver, Internal: n.Internal, Attachable: n.Attachable, EnableIPv6: &n.EnableIPv6,
		Options: maps.Clone(n.Options), Labels: maps.Clone(n.Labels), ConfigOnly: n.ConfigOnly, ConfigFrom: n.ConfigFrom.Network}
	if n.IPAM.Config != nil {
		ipam := n.IPAM
		out.IPAM = &ipam
	}
	if n.ConfigOnly {
		out.Driver = ""
	}
	if out.ConfigFrom != "" {
		out.EnableIPv6, out.Labels = nil, nil
	}
	delete(out.Options, vxlanIDs)
	return out
}

// OwnLabels are a network's labels without bookkeeping.
func OwnLabels(labels map[string]string) map[string]string {
	own := map[string]string{}
	for key, value := range labels {
		if !IsManagementLabel(key) {
			own[key] = value
		}
	}
	return own
}

// SpecByItself flattens a network that does not belong to a stack: its labels left out, which
// no engine can change, except for its zone, which others go by; and its address ranges
// by subnet.
func (n *Network) SpecByItself() Spec {
	spec := Spec{}
	spec.text(fieldDriver, n.Driver)
	spec.flag(fieldInternal, n.Internal)
	spec.flag(fieldAttachable, n.Attachable)
	spec.flag(fieldConfigOnly, n.ConfigOnly)
	spec.text(fieldConfigFrom, n.ConfigFrom)
	if n.ConfigFrom != "" {
		return spec // the rest is the other's
	}
	spec.text(fieldZone, n.Labels[LabelZone])
	if n.EnableIPv4 != nil {
		spec[fieldEnableIPv4] = strconv.FormatBool(*n.EnableIPv4)
	}
	if n.EnableIPv6 != nil {
		spec[fieldEnableIPv6] = strconv.FormatBool(*n.EnableIPv6)
	}
	for key, value := range n.Options {
		spec[fieldOptions+key] = value
	}
	for _, pool := range n.Pools() {
		key := fieldPools + pool.Subnet
		spec[key] = "subnet"
		spec.text(key+fieldIPRange, pool.IPRange)
		spec.text(key+fieldGateway, pool.Gateway)
		for name, address := range pool.Aux {
			spec[key+fieldAux+name] = address
		}
	}
	return spec
}

// IsClosedByItself reports whether a field that nobody asked for is a difference
// rather than the engine's choice. asked is all that was asked for: a range in a
// family of which one was named is somebody's addition.
func IsClosedByItself(key string, asked Spec) bool {
	if asked[fieldConfigFrom] != "" {
		return key == fieldInternal || key == fieldAttachable || key == fieldConfigOnly
	}
	if !strings.HasPrefix(key, fieldPools) {
		return key == fieldInternal || key == fieldAttachable || key == fieldConfigOnly || key == fieldConfigFrom || key == fieldZone || strings.HasPrefix(key, fieldOptions)
	}
	if strings.HasSuffix(key, fieldGateway) {
		return false
	}
	for other := range asked {
		if strings.HasPrefix(other, fieldPools) && isIPv6(other) == isIPv6(key) {
			return true
		}
	}
	return false
}

// isIPv6 reports whether a field belongs to an IPv6 range.
func isIPv6(key string) bool {
	rest := strings.TrimPrefix(key, fieldPools)
	return strings.Contains(rest[:max(0, strings.IndexByte(rest, '/'))], ":")
}

// SortPools orders address ranges as engines list them: IPv4 first.
func SortPools(pools []Pool) {
	slices.SortStableFunc(pools, func(a, b Pool) int {
		return cmp.Compare(strings.Count(a.Subnet, ":"), strings.Count(b.Subnet, ":"))
	})
}
