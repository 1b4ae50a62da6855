package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// program is one that a lab runs, and the Debian package that brings it.
type program struct {
	name, debian string
	private      bool // not needed with HostNetwork
}

var programs = []program{
	{"dockerd", "docker.io", false},
	{"containerd", "containerd", false},
	{"runc", "runc", false},
	{"ip", "iproute2", false},
	{"iptables", "iptables", false},
	{"sshd", "openssh-server", true},
}

// tested are what only tests run; they are skipped without.
var tested = []program{
	{"gpg", "gnupg", false},
}

// missing returns the Debian packages of the programs that are not there.
func missing(opts Options) []string {
	var packages []string
	for _, p := range programs {
		if p.private && opts.HostNetwork || p.name == "dockerd" && opts.Dockerd != "" && opts.Dockerd != "dockerd" {
			continue
		}
		if !installed(p.name, opts.Programs) && !slices.Contains(packages, p.debian) {
			packages = append(packages, p.debian)
		}
	}
	return packages
}

// installed looks for a program where a node looks for it: the caller's PATH may
// lack the directories of system programs.
func installed(name, programs string) bool {
	for _, dir := range []string{programs, "/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"} {
		if unix.Access(filepath.Join(dir, name), unix.X_OK) == nil && dir != "" {
			return true
		}
	}
	return false
}

// Supported returns nil if this machine can run a lab with these options, or an
// error that says what is in the way and what to do about it.
func Supported(opts Options) error {
	if os.Geteuid() != 0 {
		return errors.New("a lab needs root: run this with sudo")
	}
	if packages := missing(opts); len(packages) > 0 {
		return fmt.Errorf("a lab needs programs that are not installed: run `apt-get install %s`, or your system's equivalent", strings.Join(packages, " "))
	}
	return mayUnshare()
}

// mayUnshare tries whether this process may make namespaces and mount in them,
// which root in most containers may not.
func mayUnshare() error {
	cmd := exec.Command("/bin/sh", "-c", "mount -t tmpfs lab /mnt 2>/dev/null || mount -t tmpfs lab /tmp")
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: unix.CLONE_NEWNS | unix.CLONE_NEWNET}
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("a lab needs the right to make namespaces and mounts: in a container, start it with --privileged (%w)", err)
	}
	return nil
}

// Install installs the Debian packages that a lab with these options still needs.
// It says so on log, together with apt-get's output. Services that come with the
// packages are not started. It needs root and Debian or a system based on it.
func Install(ctx context.Context, opts Options, log io.Writer) (err error) {
	packages := missing(opts)
	for _, p := range tested {
		if opts.Tests && !installed(p.name, opts.Programs) {
			packages = append(packages, p.debian)
		}
	}
	if len(packages) == 0 {
		return nil
	}
	if os.Geteuid() != 0 {
		return Supported(opts)
	}
	apt, err := exec.LookPath("apt-get")
	if err != nil {
		return fmt.Errorf("install %s: this system has no apt-get: install them with its own package manager", strings.Join(packages, ", "))
	}
	allow, err := denyServices()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, allow()) }()
	fmt.Fprintf(log, "installing %s\n", strings.Join(packages, ", "))
	install := append([]string{"install", "-qq", "-y", "--no-install-recommends"}, packages...)
	for _, args := range [][]string{{"update", "-qq"}, install} {
		cmd := exec.CommandContext(ctx, apt, args...)
		cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
		cmd.Stdout, cmd.Stderr = log, log
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("run apt-get %s: %w", strings.Join(args, " "), err)
		}
	}
	return nil
}

// denyServices keeps package scripts from starting services, by Debian's
// policy-rc.d interface, until the returned function is called.
func denyServices() (allow func() error, err error) {
	const policy = "/usr/sbin/policy-rc.d"
	f, err := os.OpenFile(policy, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o755)
	if errors.Is(err, fs.ErrExist) {
		return func() error { return nil }, nil // the administrator has decided already
	}
	if err != nil {
		return nil, fmt.Errorf("deny starting services: %w", err)
	}
	_, err = f.WriteString("#!/bin/sh\nexit 101\n")
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("deny starting services: %w", err)
	}
	return func() error { return os.Remove(policy) }, nil
}
