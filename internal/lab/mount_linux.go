package lab

import (
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// mountStep is one mount(2) below a node's root.
type mountStep struct {
	source, target, kind string
	flags                uintptr
	data                 string
	readOnly             bool
}

// enterRoot makes the node's root file system this process's root. Nothing of
// the machine's mounts remains visible, and nothing done here reaches it, since
// the mount namespace is private.
func enterRoot(cfg initConfig) error {
	if err := unix.Sethostname([]byte(cfg.Hostname)); err != nil {
		return fmt.Errorf("set hostname: %w", err)
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	for _, m := range mounts(cfg) {
		if err := unix.Mount(m.source, filepath.Join(cfg.Root, m.target), m.kind, m.flags, m.data); err != nil {
			return fmt.Errorf("mount %s: %w", m.target, err)
		}
		if m.readOnly { // a bind mount takes its flags only when remounted
			if err := unix.Mount("", filepath.Join(cfg.Root, m.target), "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
				return fmt.Errorf("mount %s read-only: %w", m.target, err)
			}
		}
	}
	if cfg.Programs != "" {
		if err := mountPrograms(cfg); err != nil {
			return err
		}
	}
	if err := os.Chdir(cfg.Root); err != nil {
		return fmt.Errorf("enter root: %w", err)
	}
	// pivot_root(2): with both arguments ".", the old root lies over the new one.
	if err := unix.PivotRoot(".", "."); err != nil {
		return fmt.Errorf("pivot root: %w", err)
	}
	if err := unix.Unmount(".", unix.MNT_DETACH); err != nil {
		return fmt.Errorf("let go of the machine's root: %w", err)
	}
	if err := os.Chdir("/"); err != nil {
		return fmt.Errorf("enter root: %w", err)
	}
	// As systemd leaves a machine: bind propagation works in containers.
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_SHARED, ""); err != nil {
		return fmt.Errorf("make mounts shared: %w", err)
	}
	return nil
}

// mounts are a node's mounts in their order. The new /proc and /sys belong to
// the node's PID and network namespaces.
func mounts(cfg initConfig) []mountStep {
	const nodev = unix.MS_NOSUID | unix.MS_NOEXEC | unix.MS_NODEV
	steps := []mountStep{{source: cfg.Root, flags: unix.MS_BIND}}
	for _, dir := range sharedDirs {
		if info, err := os.Lstat(dir); err == nil && info.IsDir() {
			steps = append(steps, mountStep{source: dir, target: dir, flags: unix.MS_BIND | unix.MS_REC, readOnly: true})
		}
	}
	return append(steps,
		mountStep{source: "proc", target: "/proc", kind: "proc", flags: nodev},
		mountStep{source: "sysfs", target: "/sys", kind: "sysfs", flags: nodev},
		mountStep{source: "/sys/fs/cgroup", target: "/sys/fs/cgroup", flags: unix.MS_BIND | unix.MS_REC},
		mountStep{source: "/dev", target: "/dev", flags: unix.MS_BIND | unix.MS_REC},
		mountStep{source: "shm", target: "/dev/shm", kind: "tmpfs", flags: unix.MS_NOSUID | unix.MS_NODEV, data: "mode=1777"},
		mountStep{source: cfg.Run, target: "/run", flags: unix.MS_BIND},
	)
}

// mountPrograms puts Options.Programs at a place that is on the node's PATH.
func mountPrograms(cfg initConfig) error {
	dir := filepath.Join(cfg.Root, programsDir)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make directory: %w", err)
	}
	if err := unix.Mount(cfg.Programs, dir, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("mount %s: %w", cfg.Programs, err)
	}
	return nil
}

// keepProgram opens a program that may lie outside of what the node can see, and
// returns a path under which this process can start it there.
func keepProgram(path string) (string, error) {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return "", fmt.Errorf("open %s: %w", path, err)
	}
	return fmt.Sprintf("/proc/self/fd/%d", fd), nil
}
