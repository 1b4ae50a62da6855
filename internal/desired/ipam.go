package desired

import (
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/docker/docker/api/types/network"
)

// IPAMText spells address management, the network's own or an existing one's,
// in as much detail as the network asks for.
func (n Network) IPAMText(ipam network.IPAM) string {
	asked := n.IPAM
	if asked == nil {
		return ""
	}
	var words []string
	for i, pool := range ipam.Config {
		var want network.IPAMConfig
		if i < len(asked.Config) {
			want = asked.Config[i]
		} else if len(asked.Config) == 0 {
			continue
		}
		if want.Subnet != "" || i >= len(asked.Config) {
			words = append(words, "subnet "+canonicalPrefix(pool.Subnet))
		}
		if want.Gateway != "" {
			words = append(words, "gateway "+pool.Gateway)
		}
		if want.IPRange != "" {
			words = append(words, "ip_range "+canonicalPrefix(pool.IPRange))
		}
		for _, name := range slices.Sorted(maps.Keys(want.AuxAddress)) {
			words = append(words, "aux "+name+" "+pool.AuxAddress[name])
		}
	}
	if asked.Driver != "" && asked.Driver != "default" {
		words = append(words, "driver "+ipam.Driver)
	}
	return strings.Join(words, ", ")
}

// canonicalPrefix spells a CIDR one way: without host bits.
func canonicalPrefix(cidr string) string {
	prefix, err := netip.ParsePrefix(cidr)
	if err != nil {
		return cidr
	}
	return prefix.Masked().String()
}
