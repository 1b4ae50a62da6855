package node_test

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/labtest"
)

const (
	// rootlessVariable has this program run an engine without root.
	rootlessVariable = "HOMELAB_TEST_ROOTLESS"
	// rootlessUser is the node's user that runs it, and subordinate the first of
	// the users that it may give to others.
	rootlessUser, subordinate = 1001, 200000
	// engineLimit is how long that engine may take to answer.
	engineLimit = 2 * time.Minute
)

// runRootless runs an engine in a user namespace, as rootlesskit does, but without
// a network: its containers are never started. It is the machine's own engine,
// whatever the lab runs. It is called on a node, by root.
func runRootless() error {
	// What the engine writes in /run and /etc goes elsewhere, as with rootlesskit's --copy-up.
	engine := exec.Command("sh", "-c", `mount -t tmpfs none /run/docker && mount -t tmpfs none /etc/docker && exec dockerd "$@"`, "sh", "--rootless", "--host", "unix:///run/rootless/docker.sock", "--data-root", "/home/pi/.docker-data",
		"--exec-root", "/run/rootless/exec", "--pidfile", "/run/rootless/pid", "--bridge", "none", "--iptables=false", "--storage-driver", "vfs")
	ranges := []syscall.SysProcIDMap{{ContainerID: 0, HostID: rootlessUser, Size: 1}, {ContainerID: 1, HostID: subordinate, Size: 65536}}
	engine.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS, UidMappings: ranges, GidMappings: ranges,
		GidMappingsEnableSetgroups: true, Credential: &syscall.Credential{Uid: 0, Gid: 0}}
	engine.Env = []string{"PATH=" + os.Getenv("PATH") + ":/usr/sbin:/sbin", "HOME=/home/pi", "XDG_RUNTIME_DIR=/run/rootless"}
	engine.Stdout, engine.Stderr = os.Stdout, os.Stderr
	return engine.Run()
}

// startRootless starts the engine on a node and returns its address.
func (h *house) startRootless(l *lab.Lab) string {
	if most, err := os.ReadFile("/proc/sys/user/max_user_namespaces"); err != nil || strings.TrimSpace(string(most)) == "0" {
		h.Skip("this kernel gives no user namespaces")
	}
	for _, dir := range []string{"/home/pi", "/run/rootless"} {
		path := h.at(dir)
		if dir == "/run/rootless" {
			path = filepath.Join(filepath.Dir(h.node.Socket), "rootless")
		}
		h.must(os.MkdirAll(path, 0o755))
		h.must(os.Chown(path, rootlessUser, rootlessUser))
	}
	h.copyProgram("/opt/acctest")
	log, err := os.Create(filepath.Join(h.TempDir(), "log"))
	h.must(err)
	h.Cleanup(func() { log.Close() })
	session := exec.Command("ssh", "-F", l.SSHConfig, h.node.Name, rootlessVariable+"=1", "/opt/acctest")
	session.Stdout, session.Stderr = log, log
	h.must(session.Start())
	ended := make(chan error, 1)
	go func() { ended <- session.Wait() }()
	h.Cleanup(func() { _ = session.Process.Kill() }) // what it runs ends with the node
	host := "unix://" + filepath.Join(filepath.Dir(h.node.Socket), "rootless", "docker.sock")
	engine := labtest.Client(h, host)
	limit, tick := time.After(engineLimit), time.NewTicker(100*time.Millisecond)
	defer tick.Stop()
	for {
		_, err := engine.Ping(h.Context())
		if err == nil {
			return host
		}
		select {
		case <-tick.C:
			continue
		case err = <-ended:
		case <-limit:
		}
		text, _ := os.ReadFile(log.Name())
		h.Fatalf("the engine without root does not answer: %v\n%s", err, text[max(0, len(text)-4096):])
	}
}

func (h *house) copyProgram(to string) {
	program, err := os.Executable()
	h.must(err)
	from, err := os.Open(program)
	h.must(err)
	defer from.Close()
	file, err := os.OpenFile(h.at(to), os.O_CREATE|os.O_WRONLY, 0o755)
	h.must(err)
	_, err = io.Copy(file, from)
	h.must(err)
	h.must(file.Close())
}

// withoutRoot has an engine without root make and repair directories: their owners
// are its containers', and on the node users of its range.
func (h *house) withoutRoot(l *lab.Lab) {
	h.recorder = acctest.Record(h.T, h.startRootless(l))
	config := h.config(`
    "/home/pi/media" = { uid = 1000, gid = 1000, mode = "0750" }
    "/home/pi/mine"  = { uid = 0 }
`)
	made := func() error { return h.expect("/home/pi/media", subordinate+999, subordinate+999, 0o750) }
	mine := func() error { return h.expect("/home/pi/mine", rootlessUser, rootlessUser, 0o755) }
	shown := acctest.StateCheck(func(state *tfjson.State) error {
		for _, r := range state.Values.RootModule.Resources {
			media := r.AttributeValues["directories"].(map[string]any)["/home/pi/media"].(map[string]any)
			if media["host_uid"] != nil || media["state"] != "present" {
				return fmt.Errorf("the state says %v of an engine that is rootless", media)
			}
		}
		return nil
	})
	first := h.step(config, made, mine)
	first.ConfigStateChecks = append(first.ConfigStateChecks, shown)
	resource.Test(h, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			first,
			h.plans(config, plancheck.ExpectEmptyPlan()),
			h.byHand(func() { h.must(os.Chown(h.at("/home/pi/media"), subordinate+4, subordinate+999)) },
				h.plans(config, acctest.ExpectDifferences(address, "directories./home/pi/media.uid: 5 -> 1000"))),
			h.step(config, made, mine),
		},
	})
}
