package uml

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

const (
	managementBridge, wireBridge = "mgmt", "wire"
	// The network of the management interfaces, in the lab's own namespace.
	managementNet = "10.99.0."
	hostAddress   = managementNet + "1/24"

	pollInterval = 50 * time.Millisecond
	pingTimeout  = 5 * time.Second
)

// Guest is one node. Its methods are safe for concurrent use; its exported fields
// don't change.
type Guest struct {
	// Name is n1, n2 and so on; it is the hostname too.
	Name string
	// Socket is a Unix socket on the machine that leads to the guest's engine, and
	// Host the same as a DOCKER_HOST value.
	Socket, Host string
	// Console is the file with what the guest's kernel, dockerd and process 1 say.
	Console string

	lab     *Lab
	number  int
	dir     string
	process *machine
	forward *forwarder
	dead    chan struct{} // closed when the guest has ended or panicked
	died    sync.Once
	why     error // why dead was closed; read it after that
}

func newGuest(l *Lab, number int) *Guest {
	name := fmt.Sprintf("n%d", number)
	dir := filepath.Join(l.dir, name)
	socket := filepath.Join(dir, "docker.sock")
	return &Guest{
		Name: name, Socket: socket, Host: "unix://" + socket, Console: filepath.Join(dir, "console"),
		lab: l, number: number, dir: dir, dead: make(chan struct{}),
	}
}

func (g *Guest) address() string       { return fmt.Sprintf("%s%d", managementNet, 10+g.number) }
func (g *Guest) managementTap() string { return fmt.Sprintf("m%d", g.number) }
func (g *Guest) wireTap() string       { return fmt.Sprintf("w%d", g.number) }

// mac returns the address of one of the guest's interfaces: 0 mgmt, 1 eth0.
func (g *Guest) mac(card int) string { return fmt.Sprintf("02:99:%02x:00:00:%02x", card, g.number) }

// start boots the guest and waits for its engine.
func (g *Guest) start(ctx context.Context) error {
	if err := os.MkdirAll(g.dir, 0o755); err != nil {
		return fmt.Errorf("make directory: %w", err)
	}
	dockerd, err := exec.LookPath(g.lab.options.Dockerd)
	if err != nil {
		return fmt.Errorf("find dockerd: %w", err)
	}
	if g.lab.options.Programs != "" && filepath.Dir(dockerd) == filepath.Clean(g.lab.options.Programs) {
		dockerd = filepath.Base(dockerd) // the guest has it elsewhere
	}
	command := []string{
		g.lab.kernel.program, fmt.Sprintf("mem=%dM", g.lab.options.MemoryMiB),
		"root=/dev/root", "rootfstype=hostfs", "rootflags=" + filepath.Join(g.dir, "root"), "ro", "quiet",
		"init=" + SharedDir + "/guest", "con=null", "con0=null,fd:1", "ssl=null",
		"address=" + g.address() + "/24", "host=" + g.Name,
		"dockerd=" + strings.Join(append([]string{dockerd}, g.lab.options.DockerdArgs...), ","),
		fmt.Sprintf("vec0:transport=tap,ifname=%s,depth=64,gro=1,mac=%s", g.managementTap(), g.mac(0)),
		fmt.Sprintf("vec1:transport=tap,ifname=%s,depth=64,gro=1,mac=%s", g.wireTap(), g.mac(1)),
	}
	if err := g.spawn(command); err != nil {
		return fmt.Errorf("start %s: %w", g.Name, err)
	}
	go g.watch()
	if err := g.waitReady(ctx); err != nil {
		return fmt.Errorf("wait for the engine of %s: %w; its console ends with:\n%s", g.Name, err, tail(g.Console, 25))
	}
	g.forward, err = newForwarder(g) //nolint:contextcheck // it outlives the start
	return err
}

// waitReady waits until the engine answers, or the guest has died.
func (g *Guest) waitReady(ctx context.Context) error {
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		if g.ping(ctx) == nil {
			return nil
		}
		select {
		case <-g.dead:
			return g.why
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
}

func (g *Guest) ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	_, err := g.get(ctx, "http://"+net.JoinHostPort(g.address(), EnginePort)+"/_ping")
	return err
}

// Run runs a program in the guest, as root and outside of any container, and
// returns what it printed. The error of one that fails says so too.
func (g *Guest) Run(ctx context.Context, command ...string) (string, error) {
	query := url.Values{"arg": command}
	out, err := g.get(ctx, "http://"+net.JoinHostPort(g.address(), AgentPort)+"/run?"+query.Encode())
	if err != nil {
		return "", fmt.Errorf("run %s on %s: %w", strings.Join(command, " "), g.Name, err)
	}
	return out, nil
}

// get asks the guest over its management interface.
func (g *Guest) get(ctx context.Context, url string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	transport := &http.Transport{DisableKeepAlives: true, DialContext: g.lab.network.Dial}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = errors.New(strings.TrimSpace(string(body)))
	}
	return string(body), err
}

// tail returns the last lines of a file.
func tail(file string, lines int) string {
	b, err := os.ReadFile(file)
	if err != nil {
		return err.Error()
	}
	all := strings.Split(strings.TrimSpace(string(b)), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
