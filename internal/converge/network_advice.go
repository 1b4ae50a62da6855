package converge

import "strings"

// NetworkAdvice says what to do about an engine's refusal of a network, as far as
// its words tell; empty otherwise. The words are those of Docker Engine 20.10 to
// 29, and of the kernel.
func NetworkAdvice(err error) string {
	text := strings.ToLower(err.Error())
	for _, a := range networkAdvice {
		if strings.Contains(text, a.says) {
			return a.advice
		}
	}
	return ""
}

var networkAdvice = []struct{ says, advice string }{
	{"pool overlaps with other one", "Another network of the node has addresses of this range: choose another subnet (docker network inspect shows who has it)."},
	{"vlan link: operation not supported", "The node's kernel can't tag VLANs: load its module with modprobe 8021q, or use a kernel that has it."},
	{"invalid subinterface vlan name", "The node has no such interface (ip link shows them); one that is to be made for a VLAN is written as eth0.20."},
	{"is already using parent interface", "On this engine one interface can be the parent of one such network only: use another parent, or a VLAN of it such as eth0.20."},
	{"device or resource busy", "The parent is in use by the other of macvlan and ipvlan, and the kernel lets an interface carry only one of them: use another parent."},
	{"is not a swarm manager", "Overlay networks are made on a swarm manager: docker swarm init makes the node one."},
	{"is not a bridge", "The node has an interface of this name that is no bridge: choose another interface_name."},
	{"was not found on the host", "The node has no such interface: ip link shows them."},
	{"failed to find master interface", "The node has no such interface: ip link shows them."},
	{"vlan link: file exists", "The node has this VLAN of the interface already, under another name: remove that interface, or choose another VLAN."},
	{"vlan link: operation not permitted", "The engine may not make interfaces, as one without root: use an engine that runs as root."},
	{"requested parent interface", "The node has no such interface: ip link shows them."},
	{"no available ipv4 address pool", "The engine's own address ranges are used up: name a subnet under ipam."},
	{"non-overlapping ipv4 address pool", "The engine's own address ranges are used up: name a subnet under ipam."},
	{"non-overlapping ipv6 address pool", "The engine has no IPv6 ranges of its own: name an IPv6 subnet under ipam."},
	{"address already in use", addressTaken},
	{"has active endpoints", "Containers were attached meanwhile: take them off first."},
	{"operation not supported", "The node's kernel lacks a module for this: macvlan, ipvlan, or dummy for a network without a parent. Load it with modprobe, or use a kernel that has it."},
	{"configuration network", "config_from names a network with config_only = true on the same node, which has to be there first."},
}
