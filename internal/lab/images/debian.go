package images

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Debian is a layer of packages of the machine's release of Debian, with all that
// they depend on but some, as if nothing were installed. They are downloaded and checked by
// apt and unpacked without their scripts; nothing is installed on the machine.
// Downloads and the layer are kept in dir, and used again until a package has
// another version.
func Debian(ctx context.Context, dir string, packages, without []string) (Layer, error) {
	for _, program := range []string{"apt-get", "dpkg-deb"} {
		if _, err := exec.LookPath(program); err != nil {
			return Layer{}, fmt.Errorf("fetch %s: this system has no %s: images of real programs need Debian or a system based on it", packages, program)
		}
	}
	a, err := newApt(dir)
	if err != nil {
		return Layer{}, err
	}
	defer os.RemoveAll(a.state)
	files, err := a.files(ctx, packages)
	if err != nil {
		return Layer{}, err
	}
	files = slices.DeleteFunc(files, func(file string) bool {
		name, _, _ := strings.Cut(file, "_")
		return slices.Contains(without, name)
	})
	key := sha256.Sum256([]byte(strings.Join(files, "\n")))
	layer := filepath.Join(dir, fmt.Sprintf("%x.tar", key[:12]))
	if _, err := os.Stat(layer); err == nil {
		return LayerFile(layer)
	}
	if _, err := a.run(ctx, append([]string{"install", "--download-only", "-y", "-qq"}, packages...)...); err != nil {
		return Layer{}, err
	}
	for i, file := range files {
		files[i] = filepath.Join(a.archives, file)
	}
	if err := unpack(ctx, layer, files); err != nil {
		return Layer{}, err
	}
	return LayerFile(layer)
}

// apt runs apt-get as if nothing were installed.
type apt struct {
	archives, state string // directories
}

func newApt(dir string) (apt, error) {
	a := apt{archives: filepath.Join(dir, "debs")}
	err := os.MkdirAll(filepath.Join(a.archives, "partial"), 0o755)
	if err != nil {
		return a, fmt.Errorf("make cache of packages: %w", err)
	}
	if a.state, err = os.MkdirTemp(dir, ".apt-"); err != nil {
		return a, fmt.Errorf("make cache of packages: %w", err)
	}
	return a, os.WriteFile(filepath.Join(a.state, "status"), nil, 0o644) //nolint:gosec // nothing is in it
}

// files are the names of the packages' files, sorted. A fresh machine does not
// know any package before it has read the lists.
func (a apt) files(ctx context.Context, packages []string) ([]string, error) {
	a.archives = a.state // apt names only what is not there yet
	ask := append([]string{"install", "--print-uris", "-y", "-qq"}, packages...)
	out, err := a.run(ctx, ask...)
	if err != nil {
		if _, err := a.run(ctx, "update", "-qq"); err != nil {
			return nil, err
		}
		out, err = a.run(ctx, ask...)
	}
	if err != nil {
		return nil, err
	}
	var files []string
	for line := range strings.Lines(out) {
		// 'http://…/name_1.0_amd64.deb' name_1.0_amd64.deb 1234 MD5Sum:…
		if fields := strings.Fields(line); len(fields) >= 3 && strings.HasSuffix(fields[1], ".deb") {
			files = append(files, fields[1])
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("fetch %s: apt-get named no file:\n%s", packages, out)
	}
	slices.Sort(files)
	return files, nil
}

func (a apt) run(ctx context.Context, args ...string) (string, error) {
	options := []string{
		"-o", "Dir::State::status=" + filepath.Join(a.state, "status"),
		"-o", "Dir::Cache::archives=" + a.archives,
		// A file that apt maps while another apt-get writes it ends with an error.
		"-o", "Dir::Cache::pkgcache=", "-o", "Dir::Cache::srcpkgcache=",
		"-o", "APT::Install-Recommends=0", "-o", "APT::Sandbox::User=root", "-o", "Acquire::Retries=5", "-o", "DPkg::Lock::Timeout=600",
	}
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, "apt-get", append(options, args...)...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("run apt-get %s: %w: %s", strings.Join(args, " "), err, stderr.Bytes())
	}
	return stdout.String(), nil
}

// skipped are what no program of a test reads.
var skipped = []string{"usr/share/doc/", "usr/share/man/", "usr/share/locale/", "usr/share/lintian/", "usr/share/info/", "usr/share/bug/"}

// unpack makes a layer of the files of packages.
func unpack(ctx context.Context, layer string, debs []string) error {
	aside := fmt.Sprintf("%s.%d", layer, os.Getpid())
	to, err := os.Create(aside)
	if err != nil {
		return fmt.Errorf("make layer: %w", err)
	}
	defer os.Remove(aside)
	defer to.Close()
	w := tar.NewWriter(to)
	seen := map[string]bool{}
	for _, deb := range debs {
		if err := appendDeb(ctx, w, deb, seen); err != nil {
			return err
		}
	}
	if err := errors.Join(w.Close(), to.Close()); err != nil {
		return fmt.Errorf("make layer: %w", err)
	}
	return os.Rename(aside, layer)
}

// appendDeb adds a package's files to an archive, except for those seen before.
func appendDeb(ctx context.Context, w *tar.Writer, deb string, seen map[string]bool) error {
	cmd := exec.CommandContext(ctx, "dpkg-deb", "--fsys-tarfile", deb)
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return fmt.Errorf("unpack %s: %w", filepath.Base(deb), err)
	}
	err = appendTar(w, tar.NewReader(out), seen)
	_, _ = io.Copy(io.Discard, out) // the padding, or what comes after a failure
	if err = errors.Join(err, cmd.Wait()); err != nil {
		return fmt.Errorf("unpack %s: %w", filepath.Base(deb), err)
	}
	return nil
}

func appendTar(w *tar.Writer, from *tar.Reader, seen map[string]bool) error {
	for {
		header, err := from.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		header.Name = strings.TrimPrefix(header.Name, "./")
		if header.Typeflag == tar.TypeLink {
			header.Linkname = strings.TrimPrefix(header.Linkname, "./")
		}
		left := slices.ContainsFunc(skipped, func(dir string) bool { return strings.HasPrefix(header.Name, dir) })
		if header.Name == "" || seen[header.Name] || left {
			continue
		}
		seen[header.Name], header.Format = true, tar.FormatPAX
		if err := w.WriteHeader(header); err != nil {
			return err
		}
		if _, err := io.Copy(w, from); err != nil {
			return err
		}
	}
}
