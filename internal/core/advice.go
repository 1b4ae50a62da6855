package core

import (
	"errors"
	"strings"

	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
)

// advice maps what engines say to what to do about it, specific texts before
// general ones. The texts are those of Docker Engine 20.10 to 29, and of the kernel.
var advice = []struct {
	says string
	// of is the operation that fails with this text; empty: any.
	of     plan.Kind
	advice string
}{
	{"port is already allocated", "", "A port that it publishes is taken on the node by something that is not a container of this stack: publish another port, or free that one (ss -ltnp shows who has it)."},
	{"bind: address already in use", "", portTaken},
	{"failed to bind host port", "", portTaken},
	{"address already in use", "", addressTaken}, // in the address pool of a network
	{"executable file not found", "", "The command is not in the image: check command and entrypoint."},
	{"no such file or directory", "", "A path that it names does not exist there: check command, entrypoint, devices and bind mounts."},
	{"has active endpoints", "", "Containers that this resource does not manage are on the network: disconnect them first."},
	{"volume is in use", "", "A container outside the stack still uses the volume: remove that one first."},
	{"pool overlaps with other one", plan.CreateNetwork, "Another network of the node has addresses of this range: choose another subnet (docker network inspect shows who has it)."},
	{"vlan link: operation not supported", plan.CreateNetwork, "The node's kernel cannot tag VLANs: load its module with modprobe 8021q, or use a kernel that has it."},
	{"invalid subinterface vlan name", plan.CreateNetwork, "The node has no such interface (ip link shows them); one that is to be made for a VLAN is written as eth0.20."},
	{"is already using parent interface", plan.CreateNetwork, "On this engine one interface can be the parent of one such network only: use another parent, or a VLAN of it such as eth0.20."},
	{"device or resource busy", plan.CreateNetwork, "The parent is in use by the other of macvlan and ipvlan, and the kernel lets an interface carry only one of them: use another parent."},
	{"is not a swarm manager", plan.CreateNetwork, "Overlay networks are made on a swarm manager: docker swarm init makes the node one."},
	{"is not a bridge", plan.CreateNetwork, "The node has an interface of this name that is not a bridge: choose another interface_name."},
	{"was not found on the host", plan.CreateNetwork, "The node has no such interface: ip link shows them."},
	{"failed to find master interface", plan.CreateNetwork, "The node has no such interface: ip link shows them."},
	{"vlan link: file exists", plan.CreateNetwork, "The node has this VLAN of the interface already, under another name: remove that interface, or choose another VLAN."},
	{"vlan link: operation not permitted", plan.CreateNetwork, "The engine may not make interfaces, as one without root: use an engine that runs as root."},
	{"requested parent interface", plan.CreateNetwork, "The node has no such interface: ip link shows them."},
	{"no available ipv4 address pool", plan.CreateNetwork, "The engine's own address ranges are used up: name a subnet under ipam."},
	{"non-overlapping ipv4 address pool", plan.CreateNetwork, "The engine's own address ranges are used up: name a subnet under ipam."},
	{"non-overlapping ipv6 address pool", plan.CreateNetwork, "The engine has no IPv6 ranges of its own: name an IPv6 subnet under ipam."},
	{"operation not supported", plan.CreateNetwork, "The node's kernel lacks a module for this: macvlan, ipvlan, or dummy for a network without a parent. Load it with modprobe, or use a kernel that has it."},
	{"configuration network", plan.CreateNetwork, "config_from names a network with config_only = true on the same node, which has to be there first."},
	{"toomanyrequests", plan.PullImage, rateLimited},
	{"too many requests", plan.PullImage, rateLimited},
	{"rate limit", plan.PullImage, rateLimited},
	{"no matching manifest", plan.PullImage, "The image is not made for the node's platform: check which it has (data source homelab_image), or choose another tag."},
	{"dial tcp: lookup", plan.PullImage, "The image's registry cannot be resolved from the node: check the image's spelling and the node's DNS."},
	{"connection refused", plan.PullImage, "The image's registry does not answer the node: check its address."},
	{"pull access denied", plan.PullImage, "There is no such image, or it needs credentials: check its spelling, or log in with docker login where Terraform runs, or set username and password under registries in the provider block."},
	{"no basic auth credentials", plan.PullImage, "The registry needs credentials: log in with docker login where Terraform runs, or set username and password under registries in the provider block."},
	{"unauthorized", plan.PullImage, "The registry does not accept the credentials: log in with docker login where Terraform runs, or set username and password under registries in the provider block."},
	{"manifest_unknown", plan.PullImage, notInRegistry},
	{"name_unknown", plan.PullImage, notInRegistry},
	{"manifest unknown", plan.PullImage, notInRegistry},
	{"not found", plan.PullImage, notInRegistry},
}

const notInRegistry = "The registry has no such image or tag: check the image's spelling and tag."

const portTaken = "A port that it publishes is taken on the node by a program outside Docker: publish another port, or free that one (ss -ltnp shows who has it)."

// addressTaken is about a fixed address (moby, libnetwork/ipamapi,
// ErrIPAlreadyAllocated).
const addressTaken = "A fixed address (ipv4_address, ipv6_address) is taken on its network by another container, the gateway or an auxiliary address: " +
	"choose another one (docker network inspect shows who has which)."

// rateLimited is about registries that answer no more for a while.
const rateLimited = "The registry limits how much is pulled: wait and apply again, log in, which many registries allow more, " +
	"or set a mirror under registries in the provider block."

// Advice says what to do about a failure, as far as the engine's
// text shows it; empty otherwise.
func Advice(f *Failure) string {
	if errors.Is(f.Err, ErrTimeout) || errors.Is(f.Err, ErrUnhealthy) || errors.Is(f.Err, ErrExited) {
		return ""
	}
	text := strings.ToLower(f.Err.Error())
	for _, a := range advice {
		if strings.Contains(text, a.says) && (a.of == "" || a.of == f.Operation.Kind) {
			return a.advice
		}
	}
	return ""
}
