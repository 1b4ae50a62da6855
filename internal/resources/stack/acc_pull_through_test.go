package stack_test

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/image"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/images"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/labtest"
)

// pullThroughCache runs a cache of a registry at one loopback address for both
// sides, and returns that.
func pullThroughCache(t *testing.T, program, upstream string) string {
	t.Helper()
	free, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	free.Close()
	dir := t.TempDir()
	config := filepath.Join(dir, "config.yml")
	text := fmt.Sprintf("version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: %q}}\nhttp: {addr: %q}\nproxy: {remoteurl: %q}\n", dir, address, "http://"+upstream)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program, "serve", config)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	there, err := labtest.Node(t).Listen(mustPort(t, address))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { there.Close() })
	go forward(there, address)
	for deadline := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		conn, err := net.Dial("tcp4", address)
		if err == nil {
			conn.Close()
			return address
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

func mustPort(t *testing.T, address string) int {
	t.Helper()
	at, err := net.ResolveTCPAddr("tcp4", address)
	if err != nil {
		t.Fatal(err)
	}
	return at.Port
}

// forward passes the connections of a listener on to an address.
func forward(from net.Listener, to string) {
	for {
		conn, err := from.Accept()
		if err != nil {
			return
		}
		go func() {
			defer conn.Close()
			other, err := net.Dial("tcp4", to)
			if err != nil {
				return
			}
			defer other.Close()
			go func() { _, _ = io.Copy(other, conn); _ = other.(*net.TCPConn).CloseWrite() }()
			_, _ = io.Copy(conn, other)
		}()
	}
}

// An official image of Docker Hub comes through the cache, once; state, the plan
// and the container's labels keep the name that the user wrote.
func TestAccStack_PullThroughCache_HasTheImageAndLeavesTheName(t *testing.T) {
	labtest.Require(t)
	program := tool(t, "registry")
	c, upstream := acctest.NewCLI(t), startRegistry(t)
	cache := pullThroughCache(t, program, upstream.address)
	stack := acctest.Name(t)
	engine := upstream.engine
	sweepStack(t, engine, stack)
	upstream.push(t, images.AppV1, "library/"+stack+":1")
	upstream.forget(t, "library/"+stack+":1")
	t.Cleanup(func() { _, _ = engine.ImageRemove(t.Context(), stack+":1", image.RemoveOptions{}) })
	c.Write(t, "main.tf", pullThrough(t, fmt.Sprintf(`"docker.io" = { mirror = %q }`, cache), stack, stack+":1", "digest"))
	c.Apply(t)
	c.RequireEmptyPlan(t)
	if left := names(t, engine, cache); len(left) > 0 {
		t.Errorf("left on the node: %q", left)
	}
	made, err := engine.ContainerInspect(t.Context(), stack+"-web-1")
	if err != nil {
		t.Fatal(err)
	}
	requireEqual(t, "the container's image", made.Config.Image, stack+":1")
	requireEqual(t, "its digest", made.Config.Labels[desired.LabelImageDigest], upstream.digest(t, "library/"+stack+":1"))
	for key, value := range made.Config.Labels {
		if strings.Contains(value, cache) {
			t.Errorf("label %s is %q", key, value)
		}
	}
	state, err := os.ReadFile(filepath.Join(c.Dir, "terraform.tfstate"))
	if err != nil || strings.Contains(string(state), cache) || !strings.Contains(string(state), `"image": "`+stack+`:1"`) {
		t.Errorf("the state has the mirror's name, or not the user's: %v", err)
	}
}
