package directory

import (
	"strings"
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
)

func TestDirectoryWindows_EveryPartOfThePathIsSeenAndNoContainersMounts(t *testing.T) {
	for p, want := range map[string]string{
		"/data":           "/ flat, /data",
		"/srv/a":          "/ flat, /srv",
		"/srv/a/b/c":      "/ flat, /srv",
		"/var/lib/app":    "/ flat, /var flat, /var/lib flat, /var/lib/app",
		"/var/lib/app/x":  "/ flat, /var flat, /var/lib flat, /var/lib/app",
		"/var/log/app":    "/ flat, /var flat, /var/log",
		"/var/lib":        "/ flat, /var flat, /var/lib flat",
		"/disk/app":       "/ flat, /disk flat, /disk/app",
		"/diskette/app/x": "/ flat, /diskette",
	} {
		var got []string
		for _, w := range Windows(p, "/disk/engine") {
			got = append(got, w.Root+map[bool]string{true: " flat"}[w.Flat])
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("%s: %v, want %s", p, got, want)
		}
	}
}

func TestWriteRoot_IsWhatNobodyButRootCanRedirect(t *testing.T) {
	staff := present(0, 50, 0o775)
	for name, c := range map[string]struct {
		have map[string]observed.Directory
		want string
	}{
		"only root writes":      {map[string]observed.Directory{"/srv": present(0, 0, 0o755), "/srv/home": present(0, 0, 0o775), "/srv/home/a": present(0, 0, 0o755)}, "/srv"},
		"a user's directory":    {map[string]observed.Directory{"/srv": present(0, 0, 0o755), "/srv/home": present(0, 0, 0o755), "/srv/home/a": present(1000, 0, 0o755)}, "/srv/home/a"},
		"all may write":         {map[string]observed.Directory{"/srv": present(0, 0, 0o755), "/srv/home": present(0, 0, 0o1777), "/srv/home/a": present(1000, 0, 0o755)}, "/srv/home"},
		"a group may write":     {map[string]observed.Directory{"/srv": staff, "/srv/home": staff}, "/srv"},
		"a group in between":    {map[string]observed.Directory{"/srv": present(0, 0, 0o755), "/srv/home": staff}, "/srv/home"},
		"missing from there on": {map[string]observed.Directory{"/srv": present(0, 0, 0o755), "/srv/home": {State: observed.DirectoryMissing}}, "/srv"},
	} {
		if got := WriteRoot(Window{Root: "/srv"}, "/srv/home/a/site", c.have); got.Root != c.want {
			t.Errorf("%s: %s, want %s", name, got.Root, c.want)
		}
	}
	flat := Window{Root: "/var/lib", Flat: true}
	if got := WriteRoot(flat, "/var/lib", map[string]observed.Directory{"/var": present(9, 9, 0o777)}); got != flat {
		t.Errorf("what is mounted itself is written through %+v", got)
	}
}
