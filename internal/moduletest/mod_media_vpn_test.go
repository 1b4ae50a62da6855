package moduletest

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/container"
)

// behindVPN are the services in Gluetun's network.
var behindVPN = []string{"qbittorrent", "qbittorrent-b"}

func TestAccModule_MediaBehindVPN(t *testing.T) {
	Case{
		Module: "media", Dir: "vpn", Change: "gluetun", With: behindVPN,
		Check: func(t *testing.T, h *Homelabs) {
			for _, one := range []Homelab{h.A, h.B} {
				h.requireTunnelOnly(t, one)
				h.addTorrent(t, one)
			}
			h.requireNoWayOutWithoutVPN(t, h.A)
		},
		// Those in the network of the Gluetun that is gone are in the new one's.
		Changed: func(t *testing.T, h *Homelabs) {
			h.requireTunnelOnly(t, h.A)
			h.requireAnnounced(t, h.A)
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
		return fmt.Errorf("service %s of %s cannot fetch %s: %s", service, one.Name, url, text)
	}
	return nil
}

// requireTunnelOnly checks that qBittorrent reaches what is behind the tunnel, and
// not what others reach without.
func (h *Homelabs) requireTunnelOnly(t *testing.T, one Homelab) {
	t.Helper()
	Eventually(t, "through the tunnel", func() error { return h.fetch(t, one, "qbittorrent", "inside_tunnel") })
	Eventually(t, "without a VPN", func() error { return h.fetch(t, one, "radarr", "outside") })
	for _, service := range behindVPN {
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
	h.requireAnnounced(t, one)
	if err := h.Engine.ContainerStop(t.Context(), h.Container(t, one.Name, "gluetun"), container.StopOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, service := range behindVPN {
		if names := strings.Fields(h.MustExec(t, one.Name, service, "/bin/busybox", "ls", "/sys/class/net")); strings.Join(names, " ") != "lo" {
			t.Errorf("without Gluetun, service %s of %s has the interfaces %v", service, one.Name, names)
		}
		for _, output := range []string{"outside", "inside_tunnel"} {
			if h.fetch(t, one, service, output) == nil {
				t.Errorf("without Gluetun, service %s of %s reaches %s", service, one.Name, output)
			}
		}
	}
	h.requireNotAnnounced(t, one)
	if err := h.fetch(t, one, "radarr", "outside"); err != nil {
		t.Error(err) // or nothing was tested
	}
	h.Apply(t)
	h.RequireEmptyPlan(t)
	h.requireTunnelOnly(t, one)
	h.requireAnnounced(t, one)
}

// torrent is the hash of a torrent that has no peers.
const torrent = "c9e15763f722f23e98a29decdfae341b98d53056"

// api calls the interface of qBittorrent from inside its container, where it
// answers also when it has no other network than the loopback.
func (h *Homelabs) api(t *testing.T, one Homelab, method string, data ...string) string {
	t.Helper()
	call := []string{"curl", "-fsS", "-m", "60", "-b", "/tmp/cookies", "-c", "/tmp/cookies"}
	for _, d := range data {
		call = append(call, "--data-urlencode", d)
	}
	return h.MustExec(t, one.Name, "qbittorrent", append(call, fmt.Sprintf("http://localhost:%d/api/v2/%s", one.Port+2, method))...)
}

// login has the interface know the test, with the password of qBittorrent's package.
func (h *Homelabs) login(t *testing.T, one Homelab) {
	t.Helper()
	if got := h.api(t, one, "auth/login", "username=admin", "password=adminadmin"); got != "Ok." {
		t.Fatalf("qBittorrent of %s does not let the test log in: %s", one.Name, got)
	}
}

// addTorrent has qBittorrent tell two trackers of a torrent: one that is reached
// through the tunnel only, and one that every other service reaches.
func (h *Homelabs) addTorrent(t *testing.T, one Homelab) {
	t.Helper()
	magnet := "magnet:?xt=urn:btih:" + torrent
	for _, output := range []string{"inside_tunnel", "outside"} {
		var url string
		h.Output(t, one, output, &url)
		magnet += "&tr=" + url + "announce"
	}
	h.login(t, one)
	if got := h.api(t, one, "torrents/add", "urls="+magnet); got != "Ok." {
		t.Fatalf("qBittorrent of %s does not take the torrent: %s", one.Name, got)
	}
}

// announced is how often the trackers have heard of the torrent, and how often from
// another address than the tunnel's.
func (h *Homelabs) announced(t *testing.T, one Homelab) (all, beside int) {
	t.Helper()
	var tunnel string
	h.Output(t, one, "address_in_tunnel", &tunnel)
	for line := range strings.Lines(h.Logs(t, one.Name+"-provider", "provider")) {
		if strings.Contains(line, "url:/announce") {
			all++
			if !strings.Contains(line, ":"+tunnel+"]") {
				beside++
			}
		}
	}
	return all, beside
}

// requireAnnounced has qBittorrent ask its trackers: they hear it, through the tunnel
// and never otherwise.
func (h *Homelabs) requireAnnounced(t *testing.T, one Homelab) {
	t.Helper()
	before, _ := h.announced(t, one)
	h.login(t, one)
	Eventually(t, "qBittorrent reaches a tracker", func() error {
		h.api(t, one, "torrents/reannounce", "hashes="+torrent)
		if all, _ := h.announced(t, one); all == before {
			return fmt.Errorf("none has heard of it; qBittorrent says %s", h.trackers(t, one))
		}
		return nil
	})
	if _, beside := h.announced(t, one); beside != 0 {
		t.Errorf("qBittorrent of %s has reached its trackers %d times beside the tunnel:\n%s", one.Name, beside, h.Logs(t, one.Name+"-provider", "provider"))
	}
}

// requireNotAnnounced has qBittorrent ask its trackers until it says that none of
// them works, and none has heard of it.
func (h *Homelabs) requireNotAnnounced(t *testing.T, one Homelab) {
	t.Helper()
	before, _ := h.announced(t, one)
	h.login(t, one)
	Eventually(t, "qBittorrent reaches no tracker", func() error {
		h.api(t, one, "torrents/reannounce", "hashes="+torrent)
		text := h.trackers(t, one)
		// https://github.com/qbittorrent/qBittorrent/wiki/WebUI-API-(qBittorrent-4.1)#get-torrent-trackers
		const working, updating = 2, 3
		var trackers []struct {
			URL    string
			Status int
		}
		if err := json.Unmarshal([]byte(text), &trackers); err != nil {
			return err
		}
		for _, tracker := range trackers {
			if strings.HasSuffix(tracker.URL, "/announce") && (tracker.Status == working || tracker.Status == updating) {
				return fmt.Errorf("it says %s", text)
			}
		}
		return nil
	})
	if after, _ := h.announced(t, one); after != before {
		t.Errorf("without Gluetun, qBittorrent of %s has reached its trackers %d times", one.Name, after-before)
	}
}

// trackers is what qBittorrent says of the torrent's trackers.
func (h *Homelabs) trackers(t *testing.T, one Homelab) string {
	t.Helper()
	return h.api(t, one, "torrents/trackers", "hash="+torrent)
}
