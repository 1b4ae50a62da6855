package network_test

import (
	"errors"
	"testing"

	"github.com/docker/docker/api/types/network"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
)

// TestAccNetwork_Overlay makes a swarm's network again under containers, whose places
// on it the swarm's manager keeps.
func TestAccNetwork_Overlay_IsReplacedUnderContainers(t *testing.T) {
	b := newBench(t)
	b.initSwarm()
	with := func(attributes string) string {
		return b.config("driver = \"overlay\"\nattachable = true\nipam = [{ subnet = \"10.210.30.0/24\" }]\n" + attributes)
	}
	var were map[string]life
	b.test(
		resource.TestStep{Config: with("")},
		after(before(expecting(with("mtu = 1400"), plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate)), func() {
			b.run("on", "", &network.EndpointSettings{Aliases: []string{"on.home"}, IPAMConfig: &network.EndpointIPAMConfig{IPv4Address: "10.210.30.77"}})
			b.run("too", "", &network.EndpointSettings{Aliases: []string{"too.home"}, IPAMConfig: &network.EndpointIPAMConfig{IPv4Address: "10.210.30.78"}})
			were = b.lives()
		}), holds(func() error { return same(were, b.lives()) })),
		after(unchanged(with("mtu = 1400")), holds(func() error { return errors.Join(b.remove("on"), b.remove("too")) })),
	)
}
