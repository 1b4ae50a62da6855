package stack_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/go-connections/nat"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

// handed are changes, and the way back, in which a name, a port, an address or a
// range of addresses goes from one to another. NAME is replaced by the test's own, and
// NET for the first three numbers of addresses.
var handed = []struct{ name, before, after string }{
	{"two services swap all they have", `
services:
  a: {image: "homelab.test/app:1", container_name: NAME-x, ports: ["127.0.0.1:22801:8080"], networks: {n: {ipv4_address: NET.5}}}
  b: {image: "homelab.test/app:1", container_name: NAME-y, ports: ["127.0.0.1:22802:8080"], networks: {n: {ipv4_address: NET.6}}}
networks: {n: {ipam: {config: [{subnet: NET.0/24}]}}}`, `
services:
  a: {image: "homelab.test/app:1", container_name: NAME-y, ports: ["127.0.0.1:22802:8080"], networks: {n: {ipv4_address: NET.6}}}
  b: {image: "homelab.test/app:1", container_name: NAME-x, ports: ["127.0.0.1:22801:8080"], networks: {n: {ipv4_address: NET.5}}}
networks: {n: {ipam: {config: [{subnet: NET.0/24}]}}}`},
	{"three services pass on all they have", `
services:
  a: {image: "homelab.test/app:1", container_name: NAME-x, ports: ["127.0.0.1:22804:8080"], networks: {n: {ipv4_address: NET.5}}}
  b: {image: "homelab.test/app:1", container_name: NAME-b-1, ports: ["127.0.0.1:22805:8080"], networks: {n: {ipv4_address: NET.6}}, depends_on: [a]}
  c: {image: "homelab.test/app:1", ports: ["127.0.0.1:22806:8080"], networks: {n: {ipv4_address: NET.7, mac_address: "02:42:ac:11:00:77"}}, depends_on: [b]}
networks: {n: {ipam: {config: [{subnet: NET.0/24}]}}}`, `
services:
  a: {image: "homelab.test/app:1", container_name: NAME-b-1, ports: ["127.0.0.1:22805:8080"], networks: {n: {ipv4_address: NET.6}}}
  b: {image: "homelab.test/app:1", container_name: NAME-c-1, ports: ["127.0.0.1:22806:8080"], networks: {n: {ipv4_address: NET.7, mac_address: "02:42:ac:11:00:77"}}, depends_on: [a]}
  c: {image: "homelab.test/app:1", container_name: NAME-x, ports: ["127.0.0.1:22804:8080"], networks: {n: {ipv4_address: NET.5}}, depends_on: [b]}
networks: {n: {ipam: {config: [{subnet: NET.0/24}]}}}`},
	{"a service gives its names to another when it is scaled", `
services:
  a: {image: "homelab.test/app:1", container_name: NAME-b-2, networks: {n: {ipv4_address: NET.5}}}
  b: {image: "homelab.test/app:1", networks: {n: {}}}
networks: {n: {ipam: {config: [{subnet: NET.0/24, ip_range: NET.128/25}]}}}`, `
services:
  a: {image: "homelab.test/app:1", scale: 2, networks: {n: {}}}
  b: {image: "homelab.test/app:1", scale: 2, networks: {n: {}}}
networks: {n: {ipam: {config: [{subnet: NET.0/24, ip_range: NET.128/25}]}}}`},
	{"start-first beside a swap", `
services:
  a: {image: "homelab.test/app:1", container_name: NAME-x, networks: {n: {ipv4_address: NET.5}}, deploy: {update_config: {order: start-first}}}
  b: {image: "homelab.test/app:1", container_name: NAME-y, networks: {n: {}}, deploy: {update_config: {order: start-first}}}
networks: {n: {ipam: {config: [{subnet: NET.0/24, ip_range: NET.128/25}]}}}`, `
services:
  a: {image: "homelab.test/app:1", container_name: NAME-y, networks: {n: {}}, deploy: {update_config: {order: start-first}}}
  b: {image: "homelab.test/app:1", container_name: NAME-x, networks: {n: {ipv4_address: NET.5}}, deploy: {update_config: {order: start-first}}}
networks: {n: {ipam: {config: [{subnet: NET.0/24, ip_range: NET.128/25}]}}}`},
	{"a service is renamed and keeps all it has", `
services:
  old: {image: "homelab.test/app:1", container_name: NAME-x, ports: ["127.0.0.1:22803:8080"], networks: {n: {ipv4_address: NET.5}}}
networks: {n: {ipam: {config: [{subnet: NET.0/24}]}}}`, `
services:
  new: {image: "homelab.test/app:1", container_name: NAME-x, ports: ["127.0.0.1:22803:8080"], networks: {n: {ipv4_address: NET.5}}}
networks: {n: {ipam: {config: [{subnet: NET.0/24}]}}}`},
	{"a network changes while a service leaves it", `
services:
  a: {image: "homelab.test/app:1", networks: {edge: {}}}
  b: {image: "homelab.test/app:1", networks: {edge: {}}}
networks: {edge: {internal: true, ipam: {config: [{subnet: NET.0/25}]}}}`, `
services:
  a: {image: "homelab.test/app:1", networks: {other: {}}}
  b: {image: "homelab.test/app:1", networks: {edge: {}}}
networks: {edge: {ipam: {config: [{subnet: NET.128/25}]}}, other: {}}`},
	{"a network changes while a service leaves it for one that takes its range", `
services:
  a: {image: "homelab.test/app:1", networks: [edge]}
  b: {image: "homelab.test/app:1", networks: [edge]}
networks: {edge: {internal: true, ipam: {config: [{subnet: NET.0/25}]}}}`, `
services:
  a: {image: "homelab.test/app:1", networks: [other]}
  b: {image: "homelab.test/app:1", networks: [edge]}
networks: {edge: {ipam: {config: [{subnet: NET.128/25}]}}, other: {ipam: {config: [{subnet: NET.0/25}]}}}`},
	{"a network is renamed and keeps its range", `
services:
  a: {image: "homelab.test/app:1", networks: [old]}
networks: {old: {ipam: {config: [{subnet: NET.0/24}]}}}`, `
services:
  a: {image: "homelab.test/app:1", networks: [new]}
networks: {new: {ipam: {config: [{subnet: NET.0/24}]}}}`},
}

func TestAccStack_HandedOver_ArrivesWithItsNewHolder(t *testing.T) {
	for i, c := range handed {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t)
			own := strings.NewReplacer("NAME", b.name, "NET", fmt.Sprintf("10.219.%d", i))
			before, after := b.config(own.Replace(c.before)), b.config(own.Replace(c.after))
			b.test(b.step(before), b.step(after), b.step(before))
		})
	}
}

// taking is a stack in which a container has a name, a port and an address of its
// own.
const taking = `
services:
  site: {image: "homelab.test/app:1", container_name: NAME-x, ports: ["127.0.0.1:22807:8080"], networks: {n: {ipv4_address: 10.219.50.5}}}
networks: {n: {ipam: {config: [{subnet: 10.219.50.0/24}]}}}
`

// makeByHand runs a container under the name, with the port and the address that
// are declared for another, in place of that.
func (b *bench) makeByHand(labels map[string]string) {
	b.Helper()
	b.remove("site")
	made, err := b.engine.ContainerCreate(b.Context(), &container.Config{Image: "homelab.test/app:1", Labels: labels},
		&container.HostConfig{NetworkMode: container.NetworkMode(b.name + "_n"), PortBindings: nat.PortMap{"8080/tcp": {{HostIP: "127.0.0.1", HostPort: "22807"}}}},
		&network.NetworkingConfig{EndpointsConfig: map[string]*network.EndpointSettings{
			b.name + "_n": {IPAMConfig: &network.EndpointIPAMConfig{IPv4Address: "10.219.50.5"}}}}, nil, b.name+"-x")
	b.must(err)
	b.must(b.engine.ContainerStart(b.Context(), made.ID, container.StartOptions{}))
}

func TestAccStack_MadeByHandUnderADeclaredName_IsReplacedOrNamed(t *testing.T) {
	b := newBench(t)
	config := b.config(strings.ReplaceAll(taking, "NAME", b.name))
	number := map[string]string{desired.LabelProject: b.name, desired.LabelService: "site", desired.LabelNumber: "1"}
	service := map[string]string{desired.LabelProject: b.name, desired.LabelService: "site"}
	project := map[string]string{desired.LabelProject: b.name}
	b.test(
		b.step(config),
		after(func() { b.makeByHand(number) }, b.step(config)),
		after(func() { b.makeByHand(service) }, b.step(config)),
		after(func() { b.makeByHand(project) }, b.step(config)),
		resource.TestStep{Config: config, PreConfig: func() { b.makeByHand(nil) },
			ExpectError: wordings(`Service "site" needs the container name "`+b.name+`-x"`, `no stack`, `docker rm`)},
		after(func() {
			b.must(b.engine.ContainerRemove(b.Context(), b.name+"-x", container.RemoveOptions{Force: true}))
		}, b.step(config)),
	)
}

func TestAccStack_HandedOverAndFails_EverythingIsAsBefore(t *testing.T) {
	for i, c := range []struct{ name, before, after string }{
		{"swap", `
services:
  a: {image: "homelab.test/app:1", container_name: NAME-x, ports: ["127.0.0.1:22808:8080"], networks: {n: {ipv4_address: NET.5}}}
  b: {image: "homelab.test/app:1", container_name: NAME-y, ports: ["127.0.0.1:22809:8080"], networks: {n: {ipv4_address: NET.6}}}
networks: {n: {ipam: {config: [{subnet: NET.0/24}]}}}`, `
services:
  a: {image: "homelab.test/app:1", container_name: NAME-y, ports: ["127.0.0.1:22809:8080"], networks: {n: {ipv4_address: NET.6}}}
  b: {image: "homelab.test/app:1", command: [job, -code, "5"], container_name: NAME-x, ports: ["127.0.0.1:22808:8080"], networks: {n: {ipv4_address: NET.5}}}
networks: {n: {ipam: {config: [{subnet: NET.0/24}]}}}`},
		{"network", `
services:
  a: {image: "homelab.test/app:1", networks: {edge: {ipv4_address: NET.5, aliases: [portal]}}}
  b: {image: "homelab.test/app:1", networks: {edge: {}, back: {}}}
  stays: {image: "homelab.test/app:1", networks: {back: {}}}
networks: {edge: {internal: true, labels: {color: red}, ipam: {config: [{subnet: NET.0/25}]}}, back: {}}`, `
services:
  a: {image: "homelab.test/app:1", networks: {other: {ipv4_address: NET.6}}}
  b: {image: "homelab.test/app:1", command: [job, -code, "5"], networks: {edge: {}, back: {}}}
  stays: {image: "homelab.test/app:1", networks: {back: {}}}
networks: {edge: {ipam: {config: [{subnet: NET.128/25}]}}, other: {ipam: {config: [{subnet: NET.0/25}]}}, back: {}}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t)
			own := strings.NewReplacer("NAME", b.name, "NET", fmt.Sprintf("10.219.%d", 60+i))
			before, failing := b.config(own.Replace(c.before)), b.config(own.Replace(c.after))
			var was string
			b.test(
				b.step(before, holds(func() error { was = b.withoutNetworkIDs(b.condition()); return nil })),
				resource.TestStep{Config: failing, ExpectError: wordings(`exited with code 5`, `The change was rolled back`)},
				planOnly(failing, ended(func(map[string]acctest.Service) error {
					if now := b.withoutNetworkIDs(b.condition()); now != was {
						return fmt.Errorf("before:\n%s\nafter:\n%s", was, now)
					}
					return nil
				})),
				unchanged(before),
			)
		})
	}
}

// withoutNetworkIDs hides the IDs of networks in a condition: one that is recreated
// has another.
func (b *bench) withoutNetworkIDs(condition string) string {
	b.Helper()
	list, err := b.engine.NetworkList(b.Context(), network.ListOptions{})
	b.must(err)
	for _, n := range list {
		condition = strings.ReplaceAll(condition, n.ID[:12], "ID")
	}
	return condition
}
