package observed

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/system"
)

// disk is an engine with windows: what each path in a container is.
type disk map[string]fs.FileMode

// endless is a directory's archive that never ends, as of one with large files.
type endless struct {
	*bytes.Reader
	after func()
}

func (e endless) Read(p []byte) (int, error) {
	if e.Len() > 0 {
		return e.Reader.Read(p)
	}
	e.after()
	return len(p), nil
}

func (endless) Close() error { return nil }

func (d disk) ContainerInspect(_ context.Context, id string) (container.InspectResponse, error) {
	if id == "gone" {
		return container.InspectResponse{}, errdefs.ErrNotFound
	}
	return container.InspectResponse{}, nil
}

func (d disk) ContainerStatPath(_ context.Context, id, path string) (container.PathStat, error) {
	mode, ok := d[id+path]
	if !ok {
		return container.PathStat{}, errdefs.ErrNotFound
	}
	return container.PathStat{Mode: mode}, nil
}

func (d disk) CopyFromContainer(ctx context.Context, id, path string) (io.ReadCloser, container.PathStat, error) {
	stat, err := d.ContainerStatPath(ctx, id, path)
	if err != nil {
		return nil, stat, fmt.Errorf("could not find the file: %w", err)
	}
	var content bytes.Buffer
	w := tar.NewWriter(&content)
	if stat.Mode&fs.ModeSymlink != 0 {
		target := map[bool]string{true: "../other", false: "/etc"}[strings.Contains(path, "dir")]
		_ = w.WriteHeader(&tar.Header{Name: "x", Typeflag: tar.TypeSymlink, Linkname: target})
	}
	_ = w.WriteHeader(&tar.Header{Name: "x/", Typeflag: tar.TypeDir, Uid: 101000, Gid: 5, Mode: 0o755, ModTime: time.Unix(7, 0)})
	read := 0
	return endless{bytes.NewReader(content.Bytes()), func() {
		if read++; read > 100 {
			panic("reads the contents of a directory")
		}
	}}, stat, nil
}

func TestReadDirectories_EachPath_IsWhatItIs(t *testing.T) {
	const dir = fs.ModeDir | 0o755
	d := disk{
		"root/files/srv": dir, "root/files/lost": dir, "root/files/way": fs.ModeSymlink, "root/files/alone": dir, "root/files/old": dir, "root/files/top": dir,
		"srv/files": dir, "srv/files/dir": fs.ModeDir | fs.ModeSetgid | 0o775, "srv/files/file": 0o644, "srv/files/link": fs.ModeSymlink,
		"srv/files/dir/file": 0o600, "srv/files/link/x": dir, "srv/files/dir/in": fs.ModeSymlink, "srv/files/dir/in/x": dir,
		"way/files": dir, "way/files/x": dir, "top/files": dir, "alone/files": dir,
	}
	windows := []Window{{Root: "/", Flat: true, ID: "root"}, {Root: "/srv", ID: "srv"}, {Root: "/srv/dir/in", ID: "in"}, {Root: "/old", ID: "gone"},
		{Root: "/lost", ID: "lost"}, {Root: "/way", ID: "way"}, {Root: "/top", Flat: true, ID: "top"}}
	ids := IDs{100000, 100000}
	want := map[string]Directory{
		"/srv/dir":      {State: DirectoryPresent, UID: 1000, GID: NoID, NodeUID: 101000, NodeGID: 5, Mode: 0o2775, Modified: time.Unix(7, 0)},
		"/srv/file":     {State: DirectoryBlocked, Obstacle: "/srv/file", Kind: "a file"},
		"/srv/link":     {State: DirectoryBlocked, Obstacle: "/srv/link", Kind: SymbolicLink, Target: "/etc"},
		"/srv/link/x":   {State: DirectoryBlocked, Obstacle: "/srv/link", Kind: SymbolicLink, Target: "/etc"},
		"/srv/dir/in/x": {State: DirectoryBlocked, Obstacle: "/srv/dir/in", Kind: SymbolicLink, Target: "/srv/other"},
		"/way":          {State: DirectoryBlocked, Obstacle: "/way", Kind: SymbolicLink, Target: "/etc"},
		"/way/x":        {State: DirectoryBlocked, Obstacle: "/way", Kind: SymbolicLink, Target: "/etc"},
		"/srv/dir/no":   {State: DirectoryMissing},
		"/srv/no/no/no": {State: DirectoryMissing, Missing: []string{"/srv/no", "/srv/no/no"}},
		"/old/x":        {State: DirectoryUnseen},
		"/lost/a/b":     {State: DirectoryMissing, Missing: []string{"/lost/a"}},
		"/nowhere":      {State: DirectoryMissing},
		"/nowhere/x":    {State: DirectoryMissing, Missing: []string{"/nowhere"}},
		"/top":          {State: DirectoryPresent, UID: 1000, GID: NoID, NodeUID: 101000, NodeGID: 5, Mode: 0o755, Modified: time.Unix(7, 0)},
		"/alone":        {State: DirectoryUnseen},
	}
	found, err := ReadDirectories(t.Context(), d, windows, ids, slices.Collect(maps.Keys(want)))
	if err != nil {
		t.Fatal(err)
	}
	for path, w := range want {
		if got := found[path]; !reflect.DeepEqual(got, w) {
			t.Errorf("%s is %+v, not %+v", path, got, w)
		}
	}
}

func TestReadDirectories_NobodyShowsThePathsOwnParts_IsUnseen(t *testing.T) {
	d := disk{"srv/files": fs.ModeDir | 0o755, "srv/files/x": fs.ModeDir | 0o755}
	found, err := ReadDirectories(t.Context(), d, []Window{{Root: "/srv", ID: "srv"}}, IDs{}, []string{"/srv/x"})
	if err != nil || found["/srv/x"].State != DirectoryUnseen {
		t.Errorf("%+v, %v: /srv may be a symbolic link", found, err)
	}
}

// failing is an engine that answers every look with an error.
type failing struct {
	disk
	err error
}

func (f failing) CopyFromContainer(context.Context, string, string) (io.ReadCloser, container.PathStat, error) {
	return nil, container.PathStat{}, f.err
}

func TestReadDirectories_EngineFails_IsAnErrorAndNotMissing(t *testing.T) {
	broken := errors.New("input/output error")
	for _, path := range []string{"/srv/x", "/srv"} {
		d := disk{"root/files/srv": fs.ModeDir, "srv/files/x": fs.ModeDir}
		_, err := ReadDirectories(t.Context(), failing{d, broken}, []Window{{Root: "/", Flat: true, ID: "root"}, {Root: "/srv", ID: "srv"}}, IDs{}, []string{path})
		if !errors.Is(err, broken) {
			t.Errorf("%s: error %v", path, err)
		}
	}
}

func TestIDs_OfEachKindOfEngine(t *testing.T) {
	for name, c := range map[string]struct {
		info        system.Info
		ids         IDs
		read, shown int
	}{
		"plain":    {system.Info{DockerRootDir: "/var/lib/docker"}, IDs{}, 1000, 1000},
		"remapped": {system.Info{DockerRootDir: "/var/lib/docker/100000.200000", SecurityOptions: []string{"name=userns"}}, IDs{100000, 200000}, 101000, 1000},
		"stranger": {system.Info{DockerRootDir: "/var/lib/docker/100000.200000", SecurityOptions: []string{"name=userns"}}, IDs{100000, 200000}, 1000, NoID},
		"rootless": {system.Info{DockerRootDir: "/home/a/.local/share/docker", SecurityOptions: []string{"name=seccomp,profile=builtin", "name=rootless"}}, IDs{NoID, NoID}, 1000, 1000},
	} {
		ids := idsOf(c.info)
		shown, _ := ids.InContainer(c.read, 0)
		if ids != c.ids || shown != c.shown {
			t.Errorf("%s: %+v, %d is shown as %d", name, ids, c.read, shown)
		}
	}
	if got := dataRoot(system.Info{DockerRootDir: "/disk/100000.100000", SecurityOptions: []string{"name=userns"}}); got != "/disk" {
		t.Errorf("data root %s", got)
	}
}
