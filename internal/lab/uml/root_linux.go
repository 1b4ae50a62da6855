package uml

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// programDirs are the machine's directories that hold programs. Where one is a
// symbolic link (/bin on a merged-/usr system), so it is in the guest.
var programDirs = []string{"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"}

// ownDirs are what a guest mounts its own file systems on, and what programs
// expect to be there.
var ownDirs = []string{"dev", "etc", "home", "media", "mnt", "opt", "proc", "root", "run", "srv", "sys", "tmp", "var"}

// mount makes the guest's root file system, and a directory in memory for the
// kernel's own files. It returns that one. All of it is seen by this process and
// its children only.
func (c config) mount() (scratch string, err error) {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return "", fmt.Errorf("make mounts private: %w", err)
	}
	root := filepath.Join(c.Dir, "root")
	scratch = filepath.Join(c.Dir, "memory")
	for _, dir := range append([]string{root, scratch}, below(root, ownDirs)...) {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return "", fmt.Errorf("make directory: %w", err)
		}
	}
	for _, dir := range programDirs {
		if err := offer(dir, filepath.Join(root, dir)); err != nil {
			return "", err
		}
	}
	for target, source := range map[string]string{SharedDir: c.Share, ModulesDir: c.Modules, ProgramsDir: c.Programs} {
		if source == "" {
			continue
		}
		if err := offer(source, filepath.Join(root, target)); err != nil {
			return "", err
		}
	}
	// The kernel maps the guest's memory from a file, and runs code in it.
	if err := unix.Mount("memory", scratch, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "size=100%"); err != nil {
		return "", fmt.Errorf("mount memory: %w", err)
	}
	if err := unix.Mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return "", fmt.Errorf("mount /proc: %w", err)
	}
	return scratch, nil
}

// offer shows a directory of the machine at target, read-only; a symbolic link is
// copied, and nothing is made of what is not there.
func offer(source, target string) error {
	info, err := os.Lstat(source)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil && info.Mode()&fs.ModeSymlink != 0 {
		var to string
		if to, err = os.Readlink(source); err == nil {
			err = os.Symlink(to, target)
		}
		return err
	}
	if err == nil {
		err = os.MkdirAll(target, 0o755)
	}
	if err == nil {
		err = unix.Mount(source, target, "", unix.MS_BIND|unix.MS_REC, "")
	}
	if err == nil { // a bind mount takes its flags only when remounted
		err = unix.Mount("", target, "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY, "")
	}
	if err != nil {
		return fmt.Errorf("offer %s to the guest: %w", source, err)
	}
	return nil
}

func below(root string, names []string) []string {
	var paths []string
	for _, name := range names {
		paths = append(paths, filepath.Join(root, name))
	}
	return paths
}
