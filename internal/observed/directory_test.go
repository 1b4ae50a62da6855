package observed

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"reflect"
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
	_ = w.WriteHeader(&tar.Header{Name: "x/", Typeflag: tar.TypeDir, Uid: 101000, Gid: 5, Mode: 0o755, ModTime: time.Unix(7, 0)})
	read := 0
	return endless{bytes.NewReader(content.Bytes()), func() {
		if read++; read > 100 {
			panic("reads the contents of a directory")
		}
	}}, stat, nil
}

func TestReadDirectories_EachPath_IsWhatItIs(t *testing.T) {
	d := disk{
		"srv/files": fs.ModeDir | 0o755, "srv/files/dir": fs.ModeDir | fs.ModeSetgid | 0o775, "srv/files/file": 0o644, "srv/files/link": fs.ModeSymlink,
		"srv/files/dir/file": 0o600,
	}
	windows := map[string]string{"/srv": "srv", "/old": "gone", "/lost": "lost"}
	ids := IDs{100000, 100000}
	found, err := ReadDirectories(t.Context(), d, windows, ids, []string{
		"/srv/dir", "/srv/file", "/srv/link", "/srv/link/x", "/srv/dir/no", "/srv/no/no/no", "/old/x", "/lost/a/b", "/lost", "/other"})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]Directory{
		"/srv/dir":      {State: DirectoryPresent, UID: 1000, GID: NoID, NodeUID: 101000, NodeGID: 5, Mode: 0o2775, Modified: time.Unix(7, 0)},
		"/srv/file":     {State: DirectoryBlocked, Obstacle: "/srv/file", Kind: "a file"},
		"/srv/link":     {State: DirectoryBlocked, Obstacle: "/srv/link", Kind: "a symbolic link"},
		"/srv/link/x":   {State: DirectoryBlocked, Obstacle: "/srv/link", Kind: "a symbolic link"},
		"/srv/dir/no":   {State: DirectoryMissing},
		"/srv/no/no/no": {State: DirectoryMissing, Missing: []string{"/srv/no", "/srv/no/no"}},
		"/old/x":        {State: DirectoryUnseen},
		"/lost/a/b":     {State: DirectoryMissing, Missing: []string{"/lost/a"}, NoRoot: true},
		"/lost":         {State: DirectoryMissing, NoRoot: true},
		"/other":        {State: DirectoryUnseen},
	}
	for path, w := range want {
		if got := found[path]; !reflect.DeepEqual(got, w) {
			t.Errorf("%s is %+v, not %+v", path, got, w)
		}
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
		_, err := ReadDirectories(t.Context(), failing{disk{"srv/files": fs.ModeDir}, broken}, map[string]string{"/srv": "srv"}, IDs{}, []string{path})
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
