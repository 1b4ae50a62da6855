package network_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/versions"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/labtest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/uml"
)

// The networks of the test on a kernel of its own.
const (
	ipAddress  = "homelab_network.ip"
	macAddress = "homelab_network.mac"
)

// pair is an ipvlan and a macvlan on a node whose kernel has both, and 802.1Q.
type pair struct {
	guest   *uml.Guest
	ip, mac *bench
}

func newPair(t *testing.T) *pair {
	t.Helper()
	g := labtest.Guests(t, 1)[0]
	b := bench{TB: t, engine: labtest.Client(t, g.Host), host: g.Host, name: acctest.Name(t)}
	ip, mac := b, b
	ip.name, mac.name = b.name+"-ip", b.name+"-mac"
	return &pair{g, &ip, &mac}
}

// config is both networks with the given attributes.
func (p *pair) config(ip, mac string) string {
	return acctest.Provider(p.guest.Host) + fmt.Sprintf(`
resource "homelab_network" "ip" {
  name = %q
  ipam = [{ subnet = "10.218.1.0/24" }]
  %s
}

resource "homelab_network" "mac" {
  name = %q
  ipam = [{ subnet = "10.218.2.0/24" }]
  %s
}
`, p.ip.name, ip, p.mac.name, mac)
}

// has checks the networks that the engine has, and which sub-interfaces the node has
// for them: VLANs of eth0.
func (p *pair) has(check func(ip, mac network.Inspect) bool, vlans ...int) func() error {
	return func() error {
		ip, mac := p.ip.inspect(p.ip.name), p.mac.inspect(p.mac.name)
		links, err := p.guest.Run(p.ip.Context(), "ip", "-d", "-o", "link")
		if !check(ip, mac) {
			err = errors.Join(err, fmt.Errorf("the engine has\n%+v\n%+v", ip, mac))
		}
		for _, vlan := range vlans {
			if !strings.Contains(links, fmt.Sprintf("eth0.%d@eth0", vlan)) || !strings.Contains(links, fmt.Sprintf("vlan protocol 802.1Q id %d ", vlan)) {
				err = errors.Join(err, fmt.Errorf("there is no eth0.%d on the VLAN", vlan))
			}
		}
		if found := strings.Count(links, "vlan protocol 802.1Q"); found != len(vlans) {
			err = errors.Join(err, fmt.Errorf("%d sub-interfaces are there, not %v:\n%s", found, vlans, links))
		}
		return err
	}
}

// TestAccVLAN_Network has an ipvlan and a macvlan of homelab_network set, changed,
// cleared, imported and repaired, on sub-interfaces that come and go with them. A
// container on the ipvlan keeps running while it is recreated.
func TestAccVLAN_Network_ParentAndModeAreSetChangedClearedImportedAndRepaired(t *testing.T) {
	p := newPair(t)
	flag := ""
	if !versions.LessThan(p.ip.apiVersion(), "1.42") {
		flag = "driver_options = { ipvlan_flag = \"private\" }"
	}
	first := p.config("driver = \"ipvlan\"\nparent = \"eth0.60\"\nmode = \"l3\"", "driver = \"macvlan\"\nparent = \"eth0.61\"\nmode = \"private\"")
	second := p.config("driver = \"ipvlan\"\nparent = \"eth0.62\"\nmode = \"l2\"\n"+flag, "driver = \"macvlan\"\nparent = \"eth0.63\"\nmode = \"vepa\"")
	cleared := p.config("driver = \"ipvlan\"", "driver = \"macvlan\"")
	base := p.config("", "")
	update := []plancheck.PlanCheck{plancheck.ExpectResourceAction(ipAddress, plancheck.ResourceActionUpdate), plancheck.ExpectResourceAction(macAddress, plancheck.ResourceActionUpdate)}
	options := func(n network.Inspect, driver, parent, mode string) bool {
		return n.Driver == driver && n.Options["parent"] == parent && n.Options[driver+"_mode"] == mode
	}
	isSecond := p.has(func(ip, mac network.Inspect) bool {
		return options(ip, "ipvlan", "eth0.62", "l2") && options(mac, "macvlan", "eth0.63", "vepa") && (flag == "" || ip.Options["ipvlan_flag"] == "private")
	}, 62, 63)
	var were map[string]life
	p.ip.test(
		after(resource.TestStep{Config: first}, holds(p.has(func(ip, mac network.Inspect) bool {
			return options(ip, "ipvlan", "eth0.60", "l3") && options(mac, "macvlan", "eth0.61", "private")
		}, 60, 61))),
		unchanged(first),
		resource.TestStep{ResourceName: ipAddress, ImportState: true, ImportStateId: "local/" + p.ip.name, ImportStateVerify: true},
		resource.TestStep{ResourceName: macAddress, ImportState: true, ImportStateId: "local/" + p.mac.name, ImportStateVerify: true},
		after(before(expecting(second, update...), func() {
			p.ip.run("on", "", &network.EndpointSettings{Aliases: []string{"on.home"}, IPAMConfig: &network.EndpointIPAMConfig{IPv4Address: "10.218.1.77"}})
			were = p.ip.lives()
		}), holds(isSecond), holds(func() error { return same(were, p.ip.lives()) }), holds(func() error { return p.ip.remove("on") })),
		unchanged(second),
		after(before(expecting(second, update...), func() { p.ip.remakeByHand(); p.mac.remakeByHand() }), holds(isSecond)),
		after(before(expecting(second, plancheck.ExpectResourceAction(ipAddress, plancheck.ResourceActionCreate), plancheck.ExpectResourceAction(macAddress, plancheck.ResourceActionNoop)),
			p.ip.removeByHand), holds(isSecond)),
		after(expecting(cleared, update...), holds(p.has(func(ip, mac network.Inspect) bool {
			return options(ip, "ipvlan", "", "") && options(mac, "macvlan", "", "") && len(ip.Options) == 0 && len(mac.Options) == 0
		}))),
		unchanged(cleared),
		after(expecting(base, update...), holds(p.has(func(ip, mac network.Inspect) bool { return ip.Driver == "bridge" && mac.Driver == "bridge" }))),
		unchanged(base),
	)
}
