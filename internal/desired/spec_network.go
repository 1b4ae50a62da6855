package desired

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/docker/docker/api/types/network"
)

// Spec flattens the network as it should be: what was asked for, no more.
func (n Network) Spec() Spec {
	asked := network.Summary{Driver: n.Driver, Internal: n.Internal, Attachable: n.Attachable, Options: n.Options, Labels: n.Labels}
	if n.IPAM != nil {
		asked.IPAM = *n.IPAM
	}
	spec := networkSpec(asked)
	if n.EnableIPv6 != nil {
		spec["enable_ipv6"] = strconv.FormatBool(*n.EnableIPv6)
	}
	return spec
}

// ExtractNetwork flattens a network that exists, with all that the engine
// filled in.
func ExtractNetwork(n network.Summary) Spec {
	spec := networkSpec(n)
	spec["enable_ipv6"] = strconv.FormatBool(n.EnableIPv6)
	return spec
}

func networkSpec(n network.Summary) Spec {
	spec := Spec{}
	spec.text("driver", n.Driver)
	spec.flag("internal", n.Internal)
	spec.flag("attachable", n.Attachable)
	for key, value := range n.Options {
		spec["driver_opts."+key] = value
	}
	for key, value := range n.Labels {
		if !IsManagementLabel(key) {
			spec["labels."+key] = value
		}
	}
	if n.IPAM.Driver != "default" {
		spec.text("ipam.driver", n.IPAM.Driver)
	}
	for i, pool := range n.IPAM.Config {
		key := "ipam.config." + strconv.Itoa(i)
		spec.text(key+".subnet", canonicalPrefix(pool.Subnet))
		spec.text(key+".ip_range", canonicalPrefix(pool.IPRange))
		spec.text(key+".gateway", pool.Gateway)
		for name, address := range pool.AuxAddress {
			spec[key+".aux_addresses."+name] = address
		}
	}
	return spec
}

// IsClosedNetwork reports whether a network's field that nobody asked for is a
// difference rather than a default that the engine filled in.
func IsClosedNetwork(key string) bool {
	return key == "internal" || key == "attachable" || strings.HasPrefix(key, "labels.")
}

// canonicalPrefix spells a CIDR one way: without host bits.
func canonicalPrefix(cidr string) string {
	prefix, err := netip.ParsePrefix(cidr)
	if err != nil {
		return cidr
	}
	return prefix.Masked().String()
}
