package uml

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

const (
	debianPackage = "user-mode-linux"
	tunDevice     = "/dev/net/tun"
)

// kernel is where a kernel and its modules lie.
type kernel struct{ program, modules string }

// Supported returns nil if this machine can run guests, or an error that says what
// is in the way. Whether the kernel can be had is only known to Fetch.
func Supported() error {
	if os.Geteuid() != 0 {
		return errors.New("a guest with its own kernel needs root: run this with sudo")
	}
	var stat unix.Stat_t
	if err := unix.Stat(tunDevice, &stat); err != nil || stat.Mode&unix.S_IFMT != unix.S_IFCHR {
		return fmt.Errorf("a guest with its own kernel needs %s, which is not there: load the module tun, or start the container with --device %s", tunDevice, tunDevice)
	}
	f, err := os.OpenFile(tunDevice, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("a guest with its own kernel needs %s: %w: in a container, start it with --privileged", tunDevice, err)
	}
	if err := f.Close(); err != nil {
		return err
	}
	return checkProcessor("/proc/cpuinfo")
}

// checkProcessor returns ErrProcessor if the processor of a file like /proc/cpuinfo
// has AMX. User Mode Linux restores 2,696 bytes of a process's registers
// (arch/x86/um/user-offsets.c, HOST_FP_SIZE), AMX has some 11,000, and the machine's
// kernel takes only all of them: the guest panics when its first process starts.
func checkProcessor(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("look at the processor: %w", err)
	}
	if slices.Contains(strings.Fields(string(text)), "amx_tile") {
		return ErrProcessor
	}
	return nil
}

// Fetch makes sure that dir has the kernel of Debian's package user-mode-linux,
// and downloads and unpacks it if not (41 MB, 116 MB unpacked). The package is the
// one that the machine's release of Debian offers, checked by apt. It needs no
// installation, and leaves the machine's packages alone.
func Fetch(ctx context.Context, dir string, log io.Writer) error {
	if _, err := find(dir); err == nil {
		return nil
	}
	for _, program := range []string{"apt-get", "dpkg-deb"} {
		if _, err := exec.LookPath(program); err != nil {
			return fmt.Errorf("fetch %s: this system has no %s: tests on a kernel of their own need Debian or a system based on it", debianPackage, program)
		}
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return fmt.Errorf("fetch %s: %w", debianPackage, err)
	}
	work, err := os.MkdirTemp(filepath.Dir(dir), ".uml-")
	if err != nil {
		return fmt.Errorf("fetch %s: %w", debianPackage, err)
	}
	defer os.RemoveAll(work)
	if err := download(ctx, work, log); err != nil {
		return err
	}
	debs, _ := filepath.Glob(filepath.Join(work, "*.deb")) // the pattern is well formed
	if len(debs) != 1 {
		return fmt.Errorf("fetch %s: apt-get left %d packages", debianPackage, len(debs))
	}
	unpacked := filepath.Join(work, "unpacked")
	if err := run(ctx, work, log, "dpkg-deb", "-x", debs[0], unpacked); err != nil {
		return err
	}
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("fetch %s: %w", debianPackage, err)
	}
	return os.Rename(unpacked, dir)
}

// download has apt-get fetch the package. A fresh machine does not know any
// package before it has read the lists.
func download(ctx context.Context, dir string, log io.Writer) error {
	// apt reads as a user of its own, who has to get in.
	if err := os.Chmod(dir, 0o777); err != nil { //nolint:gosec // for a moment, and apt checks what it got
		return fmt.Errorf("fetch %s: %w", debianPackage, err)
	}
	fmt.Fprintf(log, "downloading the package %s\n", debianPackage)
	if run(ctx, dir, io.Discard, "apt-get", "download", "-q", debianPackage) == nil {
		return nil
	}
	if err := run(ctx, dir, log, "apt-get", "update", "-qq"); err != nil {
		return err
	}
	return run(ctx, dir, log, "apt-get", "download", "-q", debianPackage)
}

// find returns the kernel in a directory that Fetch filled.
func find(dir string) (kernel, error) {
	k := kernel{filepath.Join(dir, "usr/bin/linux.uml"), filepath.Join(dir, "usr/lib/uml/modules")}
	for _, path := range []string{k.program, k.modules} {
		if _, err := os.Stat(path); err != nil {
			return kernel{}, fmt.Errorf("find kernel: %w", err)
		}
	}
	return k, nil
}

// run runs a program with its output on log.
func run(ctx context.Context, dir string, log io.Writer, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, log, log
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("run %s %s: %w", name, strings.Join(args, " "), err)
	}
	return nil
}

// buildGuest compiles the guests' own program. The caller runs inside this module.
func buildGuest(ctx context.Context, program string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", program, guestPackage)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build the guest's program: %w: %s", err, out)
	}
	return nil
}
