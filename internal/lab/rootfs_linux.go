package lab

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// sharedDirs are the machine's directories that hold programs. A node sees them
// read-only; where one is a symbolic link (/bin on a merged-/usr system), so it
// is in the node.
var sharedDirs = []string{"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix"}

// copiedFiles are what programs need of the machine's /etc. Nothing secret and
// nothing of its Docker (key.json would give all nodes one engine ID) is among
// them.
var copiedFiles = []string{
	"alternatives", "debian_version", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime",
	"nsswitch.conf", "os-release", "protocols", "services", "ssl/certs/ca-certificates.crt",
}

// ownDirs are made empty, with their modes.
var ownDirs = map[string]fs.FileMode{
	"etc/docker": 0o755, "etc/ssh": 0o755, "home": 0o755, "media": 0o755, "mnt": 0o755, "opt": 0o755,
	"root": 0o700, "srv": 0o755, "var/lib/docker": 0o710, "var/log": 0o755, "var/cache": 0o755,
	"dev": 0o755, "proc": 0o555, "run": 0o755, "sys": 0o555, "boot": 0o755,
	"tmp": 0o777 | fs.ModeSticky, "var/tmp": 0o777 | fs.ModeSticky,
}

// accounts are the node's own users: no password works for any of them.
var accounts = map[string]string{
	"etc/passwd": "root:x:0:0:root:/root:%s\nnobody:x:65534:65534:nobody:/:/usr/sbin/nologin\nsshd:x:100:65534::/run/sshd:/usr/sbin/nologin\n" +
		remapUser + ":x:101:101::/:/usr/sbin/nologin\n",
	"etc/group":  "root:x:0:\nshadow:x:42:\nnogroup:x:65534:\n" + remapUser + ":x:101:\n",
	"etc/shadow": "root:*:19000:0:99999:7:::\nnobody:*:19000:0:99999:7:::\nsshd:!:19000:0:99999:7:::\n",
	"etc/subuid": remapRange, "etc/subgid": remapRange,
}

// remapUser is whose range of users an engine gives to containers that maps them.
const remapUser = "dockremap"

var remapRange = fmt.Sprintf("%s:%d:65536\n", remapUser, RemappedID)

// makeRoot makes a node's root file system. It lies on the machine's disk as
// plain directories: the node's files survive a power cycle, and a test can look
// at them through Node.Root.
func (r record) makeRoot(n nodeRecord) error {
	root := r.rootDir(n.Name)
	for dir, mode := range ownDirs {
		path := filepath.Join(root, dir)
		if err := os.MkdirAll(path, 0o755); err != nil {
			return fmt.Errorf("make root file system: %w", err)
		}
		if err := os.Chmod(path, mode); err != nil {
			return fmt.Errorf("make root file system: %w", err)
		}
	}
	for _, dir := range sharedDirs {
		if err := mirror(dir, filepath.Join(root, dir)); err != nil {
			return fmt.Errorf("make root file system: %w", err)
		}
	}
	for _, name := range copiedFiles {
		if err := copyTree(filepath.Join("/etc", name), filepath.Join(root, "etc", name)); err != nil {
			return fmt.Errorf("copy /etc/%s: %w", name, err)
		}
	}
	return r.writeEtc(n)
}

// writeEtc writes the configuration files that are the node's own.
func (r record) writeEtc(n nodeRecord) error {
	shell := "/bin/sh"
	if _, err := os.Stat("/bin/bash"); err == nil {
		shell = "/bin/bash"
	}
	files := map[string]string{
		"etc/hostname": n.Name + "\n",
		"etc/hosts":    fmt.Sprintf("127.0.0.1 localhost\n127.0.1.1 %s\n", n.Name),
		// The hub refuses at once. An address without an answer would make the
		// engine wait tens of seconds in every registry lookup.
		"etc/resolv.conf": fmt.Sprintf("nameserver %s.1\n", r.Subnet),
	}
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails (Go 1.24)
	files["etc/machine-id"] = hex.EncodeToString(id[:]) + "\n"
	for name, text := range accounts {
		files[name] = strings.Replace(text, "%s", shell, 1)
	}
	if r.HostNetwork {
		for _, name := range []string{"hosts", "resolv.conf"} {
			b, err := os.ReadFile("/etc/" + name)
			if err != nil {
				return fmt.Errorf("read /etc/%s: %w", name, err)
			}
			files["etc/"+name] = string(b)
		}
	}
	root := r.rootDir(n.Name)
	if err := writeFiles(root, files, 0o644); err != nil {
		return err
	}
	for link, target := range map[string]string{"etc/mtab": "/proc/self/mounts", "var/run": "/run", "var/lock": "/run/lock"} {
		if err := os.Symlink(target, filepath.Join(root, link)); err != nil {
			return fmt.Errorf("make root file system: %w", err)
		}
	}
	return os.Chmod(filepath.Join(root, "etc/shadow"), 0o640)
}

// mirror makes to what from is: a symbolic link, an empty directory to mount
// on, or nothing.
func mirror(from, to string) error {
	info, err := os.Lstat(from)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Mode()&fs.ModeSymlink != 0:
		target, err := os.Readlink(from)
		if err != nil {
			return err
		}
		return os.Symlink(target, to)
	default:
		return os.MkdirAll(to, 0o755)
	}
}

// copyTree copies files, directories and symbolic links; what is missing is
// skipped.
func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(from, path)
		target := filepath.Join(to, rel)
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return err
		}
		if !entry.Type().IsRegular() {
			return mirror(path, target)
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(target, b, 0o644)
	})
}

// daemonArgs is dockerd's command line on a node.
func (r record) daemonArgs(n nodeRecord) ([]string, error) {
	path, err := exec.LookPath(r.Dockerd)
	if err != nil {
		return nil, fmt.Errorf("find dockerd: %w", err)
	}
	if path, err = filepath.Abs(path); err != nil {
		return nil, fmt.Errorf("find dockerd: %w", err)
	}
	args := []string{
		path,
		"--host", "unix:///run/docker.sock",
		"--cgroup-parent", "/" + r.cgroup() + "/" + n.Name,
		// There is no systemd in a node to make scopes for it.
		"--exec-opt", "native.cgroupdriver=cgroupfs",
	}
	if r.HostNetwork {
		args = append(args, "--bridge", r.bridge(), "--default-address-pool", "base="+hostPool+",size=24")
	} else {
		args = append(args, "--host", "tcp://0.0.0.0:2376", "--tlsverify",
			"--tlscacert", "/etc/docker/tls/ca.pem", "--tlscert", "/etc/docker/tls/cert.pem", "--tlskey", "/etc/docker/tls/key.pem")
	}
	if slices.Contains(r.RemapUsers, n.Name) {
		args = append(args, "--userns-remap", remapUser)
	}
	if r.Debug {
		args = append(args, "--debug")
	}
	return append(args, r.DockerdArgs...), nil
}

// writeCerts issues the nodes' server certificates and the client's.
func (r record) writeCerts() error {
	ca, err := newAuthority()
	if err != nil {
		return err
	}
	for _, n := range r.Nodes {
		err := ca.issue(filepath.Join(r.rootDir(n.Name), "etc/docker/tls"), n.Name,
			[]string{n.Name, "localhost"}, net.ParseIP(n.Address), net.IPv4(127, 0, 0, 1))
		if err != nil {
			return err
		}
	}
	return ca.issue(filepath.Join(r.Dir, "client"), "client", nil)
}

// clearDir empties a directory, as a reboot does to /run, and makes it if
// needed. What is mounted inside it is left alone.
func clearDir(dir string) error {
	if err := removeAll(dir); err != nil {
		return err
	}
	return os.MkdirAll(dir, 0o755)
}

// removeAll removes a tree, but never one with something mounted inside: that
// would delete what is mounted.
func removeAll(dir string) error {
	b, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return fmt.Errorf("read mounts: %w", err)
	}
	for line := range strings.Lines(string(b)) {
		fields := strings.Fields(line)
		if len(fields) > 4 && (fields[4] == dir || strings.HasPrefix(fields[4], dir+"/")) {
			return fmt.Errorf("remove %s: %w: %s is mounted", dir, unix.EBUSY, fields[4])
		}
	}
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("remove %s: %w", dir, err)
	}
	return nil
}
