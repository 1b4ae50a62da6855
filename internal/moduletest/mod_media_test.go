package moduletest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/container"
)

// mediaUser is whom the media's configurations run services as.
const mediaUser = "2000:2001"

func TestAccModule_Media(t *testing.T) {
	Case{
		Module: "media", Change: "bazarr", Check: func(t *testing.T, h *Homelabs) {
			for _, one := range []Homelab{h.A, h.B} {
				h.requireLinks(t, one)
				h.requireOwned(t, one)
				if code, _ := h.get(t, fmt.Sprintf("http://node:%d/identity", one.Port)); code != 200 {
					t.Errorf("Plex of %s answers %d on its published port", one.Name, code)
				}
			}
		},
	}.Run(t)
}

// requireLinks checks that what qBittorrent downloaded can be linked and moved to the
// media by Radarr without a copy, and that Plex sees it and can't write.
func (h *Homelabs) requireLinks(t *testing.T, one Homelab) {
	t.Helper()
	in := func(service, user string, command ...string) (int, string) {
		return h.ExecAs(t, user, one.Name, service, append([]string{"/bin/busybox"}, command...)...)
	}
	must := func(service, user string, command ...string) string {
		t.Helper()
		code, text := in(service, user, command...)
		if code != 0 {
			t.Errorf("%v in %s of %s ended with %d: %s", command, service, one.Name, code, text)
		}
		return strings.TrimSpace(text)
	}
	must("qbittorrent", mediaUser, "touch", "/data/downloads/film", "/data/downloads/incomplete/other")
	must("radarr", mediaUser, "ln", "/data/downloads/film", "/data/media/movies/film")
	if links := must("radarr", mediaUser, "stat", "-c", "%h", "/data/media/movies/film"); links != "2" {
		t.Errorf("the film of %s has %s links, not 2", one.Name, links)
	}
	before := must("radarr", mediaUser, "stat", "-c", "%i", "/data/downloads/incomplete/other")
	must("radarr", mediaUser, "mv", "/data/downloads/incomplete/other", "/data/media/movies-4k/other")
	if after := must("radarr", mediaUser, "stat", "-c", "%i", "/data/media/movies-4k/other"); after != before {
		t.Errorf("moving a download of %s made a copy", one.Name)
	}
	must("plex", mediaUser, "ls", "/data/media/movies/film")
	if code, _ := in("plex", "", "touch", "/data/media/movies/film"); code == 0 {
		t.Errorf("Plex of %s can write to the media", one.Name)
	}
}

// requireOwned checks whose the directories are that were made for the services.
func (h *Homelabs) requireOwned(t *testing.T, one Homelab) {
	t.Helper()
	for path, service := range map[string]string{
		"/data/media/movies-4k": "radarr", "/data/downloads/incomplete": "qbittorrent", "/youtube": "tubearchivist",
		"/config": "sonarr-anime", "/app/config": "seerr", "/opt/data": "maintainerr",
	} {
		if owner := strings.TrimSpace(h.MustExec(t, one.Name, service, "/bin/busybox", "stat", "-c", "%u:%g", path)); owner != mediaUser {
			t.Errorf("%s in %s of %s belongs to %s, not to %s", path, service, one.Name, owner, mediaUser)
		}
	}
}

func TestAccModule_MediaBehindVPN(t *testing.T) {
	Case{
		Module: "media", Dir: "vpn", Change: "radarr", Check: func(t *testing.T, h *Homelabs) {
			for _, one := range []Homelab{h.A, h.B} {
				h.requireTunnelOnly(t, one)
			}
			h.requireNoWayOutWithoutVPN(t, h.A)
		},
	}.Run(t)
}

// fetch asks for a page from inside a service's container.
func (h *Homelabs) fetch(t *testing.T, one Homelab, service, output string) error {
	t.Helper()
	var url string
	h.Output(t, one, output, &url)
	code, text := h.ExecAs(t, "", one.Name, service, "curl", "-fsS", "-m", "10", "-o", "/dev/null", url)
	if code != 0 {
		return fmt.Errorf("service %s of %s can't fetch %s: %s", service, one.Name, url, text)
	}
	return nil
}

// requireTunnelOnly checks that qBittorrent reaches what is behind the tunnel, and
// not what others reach without.
func (h *Homelabs) requireTunnelOnly(t *testing.T, one Homelab) {
	t.Helper()
	Eventually(t, "through the tunnel", func() error { return h.fetch(t, one, "qbittorrent", "inside_tunnel") })
	Eventually(t, "without a VPN", func() error { return h.fetch(t, one, "radarr", "outside") })
	for _, service := range []string{"qbittorrent", "qbittorrent-b"} {
		if h.fetch(t, one, service, "outside") == nil {
			t.Errorf("service %s of %s gets out beside the tunnel", service, one.Name)
		}
	}
	if code, _ := h.get(t, fmt.Sprintf("http://node:%d/", one.Port+2)); code != 200 {
		t.Errorf("the interface of qBittorrent of %s answers %d", one.Name, code)
	}
}

// requireNoWayOutWithoutVPN stops Gluetun by hand: qBittorrent keeps running, and has
// no interface but the loopback. Starting both by applying brings the tunnel back.
func (h *Homelabs) requireNoWayOutWithoutVPN(t *testing.T, one Homelab) {
	t.Helper()
	if err := h.Engine.ContainerStop(t.Context(), h.Container(t, one.Name, "gluetun"), container.StopOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, service := range []string{"qbittorrent", "qbittorrent-b"} {
		if names := strings.Fields(h.MustExec(t, one.Name, service, "/bin/busybox", "ls", "/sys/class/net")); strings.Join(names, " ") != "lo" {
			t.Errorf("without Gluetun, service %s of %s has the interfaces %v", service, one.Name, names)
		}
		for _, output := range []string{"outside", "inside_tunnel"} {
			if h.fetch(t, one, service, output) == nil {
				t.Errorf("without Gluetun, service %s of %s reaches %s", service, one.Name, output)
			}
		}
	}
	if err := h.fetch(t, one, "radarr", "outside"); err != nil {
		t.Error(err) // or nothing was tested
	}
	h.Apply(t)
	h.RequireEmptyPlan(t)
	h.requireTunnelOnly(t, one)
}
