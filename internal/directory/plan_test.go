package directory

import (
	"fmt"
	"strings"
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
)

func show(writes []Write) string {
	var lines []string
	for i := range writes {
		w := &writes[i]
		lines = append(lines, fmt.Sprintf("%s %d:%d %s", w.Path, w.UID, w.GID, w.Mode))
	}
	return strings.Join(lines, "\n")
}

func present(uid, gid int, mode desired.Mode) observed.Directory {
	return observed.Directory{State: observed.DirectoryPresent, UID: uid, GID: gid, NodeUID: uid, NodeGID: gid, Mode: mode}
}

func TestDirectories_OnlyWhatDiffers_IsWritten(t *testing.T) {
	want := []desired.Directory{
		{Path: "/srv/same", UID: new(1), GID: new(2), Mode: new(desired.Mode(0o750))},
		{Path: "/srv/owner", UID: new(1)},
		{Path: "/srv/mode", Mode: new(desired.Mode(0o2775))},
		{Path: "/srv/any"},
		{Path: "/srv/new/x/below", UID: new(5)},
		{Path: "/srv/new", Mode: new(desired.Mode(0o700))},
	}
	have := map[string]observed.Directory{
		"/srv/same": present(1, 2, 0o750), "/srv/owner": present(9, 8, 0o711), "/srv/mode": present(9, 8, 0o775), "/srv/any": present(9, 8, 0o1777),
		"/srv/new/x/below": {State: observed.DirectoryMissing, Missing: []string{"/srv/new", "/srv/new/x"}},
		"/srv/new":         {State: observed.DirectoryMissing},
	}
	writes, problems := Decide(want, have)
	const expected = "/srv/mode 9:8 2775\n/srv/new 0:0 0700\n/srv/new/x 0:0 0755\n/srv/new/x/below 5:0 0755\n/srv/owner 1:8 0711"
	if got := show(writes); got != expected || len(problems) > 0 {
		t.Errorf("writes\n%s\nnot\n%s\nproblems %v", got, expected, problems)
	}
}

func TestDirectories_WhatIsNoDirectory_IsNeverWritten(t *testing.T) {
	want := []desired.Directory{{Path: "/srv/a"}, {Path: "/srv/b/c"}}
	writes, problems := Decide(want, map[string]observed.Directory{
		"/srv/a":   {State: observed.DirectoryBlocked, Obstacle: "/srv/a", Kind: "a file"},
		"/srv/b/c": {State: observed.DirectoryBlocked, Obstacle: "/srv/b", Kind: observed.SymbolicLink, Target: "/etc"},
	})
	if len(writes) > 0 || len(problems) != 2 || !strings.Contains(problems[0].Detail, "/srv/a is a file") ||
		!strings.Contains(problems[1].Detail, "/srv/b, above /srv/b/c, is a symbolic link to /etc") ||
		!strings.Contains(problems[1].Detail, "write /etc/c instead of /srv/b/c") {
		t.Errorf("writes %v, problems %v", writes, problems)
	}
}

func TestDirectories_OwnerThatContainersLack_IsKeptOrAskedFor(t *testing.T) {
	stranger := observed.Directory{State: observed.DirectoryPresent, UID: observed.NoID, GID: observed.NoID, NodeUID: 1000, NodeGID: 50, Mode: 0o755}
	for name, c := range map[string]struct {
		want    desired.Directory
		writes  string
		problem string
	}{
		"nothing asked":   {want: desired.Directory{}},
		"same mode":       {want: desired.Directory{Mode: new(desired.Mode(0o755))}},
		"mode":            {want: desired.Directory{Mode: new(desired.Mode(0o700))}, problem: "Set uid too"},
		"mode and owner":  {want: desired.Directory{UID: new(1), Mode: new(desired.Mode(0o700))}, problem: "Set gid too"},
		"owner and group": {want: desired.Directory{UID: new(1), GID: new(2)}, writes: "/x 1:2 0755"},
	} {
		c.want.Path = "/x"
		writes, problems := Decide([]desired.Directory{c.want}, map[string]observed.Directory{"/x": stranger})
		text := ""
		if len(problems) > 0 {
			text = problems[0].Detail
		}
		if show(writes) != c.writes || !strings.Contains(text, c.problem) || (text != "") != (c.problem != "") {
			t.Errorf("%s: writes %q, problem %q", name, show(writes), text)
		}
	}
}
