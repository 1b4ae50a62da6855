package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/uml"
)

// mount is one of the guest's file systems. The root is the host's, read-only;
// what programs write to lies in memory.
type mount struct {
	kind, target, data string
}

var mounts = []mount{
	{"proc", "/proc", ""},
	{"sysfs", "/sys", ""},
	{"devtmpfs", "/dev", ""},
	{"devpts", "/dev/pts", ""},
	{"tmpfs", "/dev/shm", "mode=1777"},
	{"mqueue", "/dev/mqueue", ""},
	{"cgroup2", "/sys/fs/cgroup", ""},
	{"tmpfs", "/etc", "mode=0755"},
	{"tmpfs", "/opt", "mode=0755"},
	{"tmpfs", "/root", "mode=0700"},
	{"tmpfs", "/run", "mode=0755"},
	{"tmpfs", "/srv", "mode=0755"},
	{"tmpfs", "/tmp", "mode=1777"},
	{"tmpfs", "/var", "mode=0755,size=80%"},
}

func (m mount) make() error {
	if err := os.MkdirAll(m.target, 0o755); err != nil {
		return fmt.Errorf("make directory: %w", err)
	}
	err := unix.Mount(m.kind, m.target, m.kind, 0, m.data)
	if errors.Is(err, unix.EBUSY) {
		return nil // kernels may mount /dev by themselves
	}
	if err != nil {
		return fmt.Errorf("mount %s: %w", m.target, err)
	}
	return nil
}

// files are the guest's few configuration files.
func files(host string) map[string]string {
	return map[string]string{
		"/etc/passwd":               "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n",
		"/etc/group":                "root:x:0:\nnogroup:x:65534:\n",
		"/etc/hostname":             host + "\n",
		"/etc/hosts":                "127.0.0.1 localhost\n127.0.1.1 " + host + "\n",
		"/etc/nsswitch.conf":        "hosts: files dns\n",
		"/etc/resolv.conf":          "nameserver 127.0.0.1\n", // nobody listens there: lookups fail at once
		"/var/lib/docker/.lab":      "",
		"/var/tmp/.lab":             "",
		"/run/lock/.lab":            "",
		"/proc/sys/kernel/modprobe": filepath.Join(uml.SharedDir, "modprobe"),
		// What containers get of it is the engine's business, as on any machine.
		"/proc/sys/net/ipv4/ip_forward": "1",
	}
}

// write writes files and the links that programs expect in /dev.
func write(files map[string]string) error {
	for name, text := range files {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return fmt.Errorf("make directory: %w", err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			return fmt.Errorf("write file: %w", err)
		}
	}
	for link, target := range map[string]string{
		"/dev/fd": "/proc/self/fd", "/dev/stdin": "/proc/self/fd/0", "/dev/stdout": "/proc/self/fd/1", "/dev/stderr": "/proc/self/fd/2",
		"/var/run": "/run", "/etc/mtab": "/proc/self/mounts",
	} {
		if err := os.Symlink(target, link); err != nil && !os.IsExist(err) {
			return fmt.Errorf("make link: %w", err)
		}
	}
	return nil
}
