// Command guest is the only program of its own that a User Mode Linux guest of
// the tests has (package uml). What it does depends on the name it is started as:
//
//	guest      process 1: it sets the guest up, runs dockerd and answers the host
//	modprobe   loads modules, for the kernel and for dockerd
package main

import (
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/uml"
)

func main() {
	log.SetFlags(0)
	if filepath.Base(os.Args[0]) == "modprobe" {
		if err := modprobe(os.Args[1:]); err != nil {
			log.Fatal("modprobe: ", err)
		}
		return
	}
	err := boot()
	// The host watches the console for these words; nobody else hears of it.
	log.Print(uml.GuestFailed, ": ", err)
	_ = unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF)
}

// boot sets the guest up and then lives as its process 1.
func boot() error {
	for _, m := range mounts {
		if err := m.make(); err != nil {
			return err
		}
	}
	settings, err := commandLine()
	if err != nil {
		return err
	}
	if err := write(files(settings["host"])); err != nil {
		return err
	}
	if err := os.Setenv("PATH", uml.SharedDir+":"+uml.ProgramsDir+":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"); err != nil {
		return err
	}
	if err := unix.Sethostname([]byte(settings["host"])); err != nil {
		return fmt.Errorf("set hostname: %w", err)
	}
	if err := links(settings["address"]); err != nil {
		return err
	}
	address, _, _ := strings.Cut(settings["address"], "/")
	go serve(address)
	return daemon(strings.Split(settings["dockerd"], ","), address)
}

// commandLine reads what the host put on the kernel's command line.
func commandLine() (map[string]string, error) {
	b, err := os.ReadFile("/proc/cmdline")
	if err != nil {
		return nil, fmt.Errorf("read command line: %w", err)
	}
	settings := map[string]string{}
	for _, word := range strings.Fields(string(b)) {
		if key, value, ok := strings.Cut(word, "="); ok {
			settings[key] = value
		}
	}
	return settings, nil
}

// links gives the first interface, which leads to the host, its name and address.
// The second one, eth0, is the wire between guests and gets none.
func links(address string) error {
	cmd := exec.Command("ip", "-batch", "-")
	cmd.Stdin = strings.NewReader(strings.Join([]string{
		"link set lo up",
		"link set vec0 name mgmt", "addr add " + address + " dev mgmt", "link set mgmt up",
		"link set vec1 name eth0", "link set eth0 up", "",
	}, "\n"))
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("set links up: %w: %s", err, out)
	}
	return nil
}

// daemon runs dockerd until it ends. The guest's orphans stay zombies: it does not
// live long, and programs that serve runs have to be waited for by name.
func daemon(command []string, address string) error {
	path, err := exec.LookPath(command[0])
	if err != nil {
		return fmt.Errorf("find dockerd: %w", err)
	}
	args := append([]string{"dockerd", "--host", "unix:///run/docker.sock", "--host", "tcp://" + address + ":" + uml.EnginePort,
		"--tls=false", "--exec-opt", "native.cgroupdriver=cgroupfs"}, command[1:]...)
	cmd := &exec.Cmd{Path: path, Args: args, Dir: "/", Stdout: os.Stdout, Stderr: os.Stderr}
	err = cmd.Run()
	return fmt.Errorf("dockerd ended: %s", ending(err))
}

// ending says how a program ended that should not have.
func ending(err error) string {
	if err == nil {
		return "exit status 0"
	}
	return err.Error()
}
