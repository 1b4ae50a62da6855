package moduletest

import (
	"fmt"
	"strings"
	"testing"
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
// media by Radarr without a copy, and that Plex sees it and cannot write.
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
