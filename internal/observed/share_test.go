package observed

import (
	"strings"
	"testing"

	"github.com/docker/docker/api/types/container"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

func TestStack_SharedWith_SpellsContainersAsPeopleDo(t *testing.T) {
	tunnel, vpn, gone := strings.Repeat("a", 64), strings.Repeat("b", 64), strings.Repeat("c", 64)
	s := &Stack{nameOfID: map[string]string{tunnel: "tunnel", vpn: "home-vpn-1"}}
	for mode, want := range map[string]string{
		"": "", "host": "host", "container:" + tunnel: "container:tunnel", "container:" + vpn: "service:vpn",
		"container:" + gone: "container:cccccccccccc, which is gone", "container:by-name": "container:by-name",
	} {
		if got := s.sharedWith(mode, map[string]string{vpn: "vpn"}); got != want {
			t.Errorf("%q: %q, want %q", mode, got, want)
		}
	}
}

func TestStack_ReadVolumesFrom_TellsAContainerThatWasMadeAgain(t *testing.T) {
	id := strings.Repeat("a", 64)
	s := &Stack{nameOfID: map[string]string{id: "store"}, Names: map[string]string{"store": id}, mounted: map[string]map[string]string{id: {"/data": "new", "/own": "x"}}}
	c := container.InspectResponse{ContainerJSONBase: &container.ContainerJSONBase{HostConfig: &container.HostConfig{VolumesFrom: []string{"store:ro"}, Binds: []string{"/srv:/own"}}},
		Mounts: []container.MountPoint{{Destination: "/data", Name: "old"}, {Destination: "/own", Source: "/srv"}}}
	if got := s.readVolumesFrom(c, &Container{}, nil); len(got) != 1 || got[0] != "container:store, with other volumes" {
		t.Errorf("%q", got)
	}
	c.Mounts[0].Name = "new"
	for _, name := range []string{"store", id} {
		c.HostConfig.VolumesFrom = []string{name}
		if got := s.readVolumesFrom(c, &Container{}, nil); len(got) != 1 || got[0] != desired.ContainerPrefix+"store" {
			t.Errorf("%q", got)
		}
	}
}
