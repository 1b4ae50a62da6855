package compare

import (
	"archive/tar"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"testing"
)

// files reads the files that a container was given: what lies in mounts from where
// the projects are or from volumes of delivered files, and what was copied into
// the container before its start. Each has its digest, mode and owner.
func (e *Engine) files(t testing.TB, c inspected) map[string]any {
	t.Helper()
	out := map[string]any{}
	for _, m := range list(c.fields["Mounts"]) {
		mount, _ := m.(map[string]any)
		source, _ := mount["Source"].(string)
		target, _ := mount["Destination"].(string)
		if strings.HasPrefix(source, e.Stage+"/") || deliveredVolume.MatchString(fmt.Sprintf("%q", source)) {
			e.readFiles(t, c.id, target, out)
		}
	}
	var changes []struct {
		Path string
		Kind int
	}
	e.Get(t, "/containers/"+c.id+"/changes", &changes)
	for _, change := range changes {
		if _, known := out[change.Path]; change.Kind == 1 && !known && !e.hasBelow(c, change.Path) {
			e.readFiles(t, c.id, change.Path, out)
		}
	}
	return out
}

// hasBelow reports whether something is mounted at or below a path that was added:
// then it is a mount point or on the way to one.
func (e *Engine) hasBelow(c inspected, added string) bool {
	host, _ := c.fields["HostConfig"].(map[string]any)
	tmpfs, _ := host["Tmpfs"].(map[string]any)
	for target := range tmpfs {
		if target == added || strings.HasPrefix(target, added+"/") {
			return true
		}
	}
	for _, m := range list(c.fields["Mounts"]) {
		target := field("Destination")(m)
		if target == added || strings.HasPrefix(target, added+"/") || strings.HasPrefix(added, target+"/") {
			return true
		}
	}
	return false
}

// readFiles adds the regular files at or below a path in a container.
func (e *Engine) readFiles(t testing.TB, id, target string, into map[string]any) {
	t.Helper()
	body, name, err := e.archive(t.Context(), id, target)
	if err != nil {
		t.Errorf("read %s in %s: %v", target, id[:12], err)
		return
	}
	defer body.Close()
	for archive := tar.NewReader(body); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Errorf("read %s in %s: %v", target, id[:12], err)
			return
		}
		if header.Typeflag != tar.TypeReg {
			continue
		}
		sum := sha256.New()
		if _, err := io.Copy(sum, archive); err != nil {
			t.Error(err)
		}
		file := path.Join(path.Dir(target), header.Name)
		if name != path.Base(target) { // a symbolic link was followed
			file = target
		}
		into[file] = map[string]any{
			"Content": fmt.Sprintf("%x", sum.Sum(nil)), "Mode": fmt.Sprintf("%04o", header.Mode&0o7777),
			"Owner": fmt.Sprintf("%d:%d", header.Uid, header.Gid),
		}
	}
}
