package lab

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// ErrNotFound says that a directory holds no lab.
var ErrNotFound = errors.New("no lab in this directory")

// maxSocketPath is the longest path a Unix socket may have: sun_path holds 108
// bytes with the final NUL (unix(7)).
const maxSocketPath = 107

// record is what a lab remembers in lab.json.
type record struct {
	Dir         string       `json:"dir"`
	ID          string       `json:"id"`      // 8 hex digits, from Dir
	Boot        string       `json:"boot_id"` // of the machine's boot that it runs in
	HostNetwork bool         `json:"host_network,omitempty"`
	Ephemeral   bool         `json:"ephemeral,omitempty"`
	Owner       process      `json:"owner"` // the process that called Up
	Hub         process      `json:"hub"`
	Subnet      string       `json:"subnet"` // first three bytes: "10.77.12"
	RuntimeDir  string       `json:"runtime_dir,omitempty"`
	Dockerd     string       `json:"dockerd"`
	DockerdArgs []string     `json:"dockerd_args,omitempty"`
	RemapUsers  []string     `json:"remap_users,omitempty"`
	Debug       bool         `json:"debug,omitempty"`
	Programs    string       `json:"programs,omitempty"`
	Nodes       []nodeRecord `json:"nodes"`
	Before      hostNetwork  `json:"host_network_before"`
}

type nodeRecord struct {
	Name       string  `json:"name"`
	Address    string  `json:"address"`
	SSHForward string  `json:"ssh_forward,omitempty"`
	TCPForward string  `json:"tcp_forward,omitempty"`
	Init       process `json:"init"`
}

// process identifies a process across reuse of its number. The zero value is
// no process.
type process struct {
	PID   int    `json:"pid"`
	Start uint64 `json:"start_ticks"` // field 22 of /proc/PID/stat
}

// hostNetwork is how a HostNetwork lab found the machine's network.
type hostNetwork struct {
	Chains        bool              `json:"docker_chains"`  // another engine's packet filter chains existed
	Forwarding    string            `json:"ip_forward"`     // net.ipv4.ip_forward
	ForwardPolicy map[string]string `json:"forward_policy"` // by program: iptables, ip6tables
}

// newRecord fixes the names and addresses of a new lab.
func newRecord(dir string, opts Options) record {
	sum := sha256.Sum256([]byte(dir))
	rec := record{
		Dir: dir, ID: hex.EncodeToString(sum[:4]),
		HostNetwork: opts.HostNetwork, Ephemeral: opts.Ephemeral,
		Subnet:  fmt.Sprintf("10.77.%d", sum[4]),
		Dockerd: opts.Dockerd, DockerdArgs: opts.DockerdArgs, Programs: opts.Programs, RemapUsers: opts.RemapUsers, Debug: opts.Debug,
	}
	for i := range max(opts.Nodes, 1) {
		n := nodeRecord{Name: fmt.Sprintf("n%d", i+1), Address: fmt.Sprintf("%s.%d", rec.Subnet, 11+i)}
		if opts.HostNetwork {
			n.Address = "127.0.0.1"
		}
		rec.Nodes = append(rec.Nodes, n)
	}
	last := rec.Nodes[len(rec.Nodes)-1].Name
	if len(filepath.Join(rec.runDir(last), "docker.sock")) > maxSocketPath {
		rec.RuntimeDir = "/run/homelab-lab-" + rec.ID
	}
	return rec
}

// runDir is where on the machine a node's /run lies.
func (r record) runDir(node string) string {
	if r.RuntimeDir != "" {
		return filepath.Join(r.RuntimeDir, node)
	}
	return filepath.Join(r.Dir, node, "run")
}

// rootDir is where on the machine a node's root file system lies.
func (r record) rootDir(node string) string { return filepath.Join(r.Dir, node, "root") }

// cgroup is the lab's own cgroup, below the root of each hierarchy.
func (r record) cgroup() string { return "homelab-" + r.ID }

// bridge is the name of a HostNetwork lab's default bridge.
func (r record) bridge() string { return "hl-" + r.ID }

// save writes lab.json so that a reader sees the old or the new one.
func (r record) save() error {
	b, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("encode lab record: %w", err)
	}
	file := filepath.Join(r.Dir, "lab.json")
	if err := os.WriteFile(file+".new", append(b, '\n'), 0o600); err != nil {
		return fmt.Errorf("write lab record: %w", err)
	}
	if err := os.Rename(file+".new", file); err != nil {
		return fmt.Errorf("write lab record: %w", err)
	}
	return nil
}

// load reads lab.json of a directory; ErrNotFound when there is none.
func load(dir string) (record, error) {
	b, err := os.ReadFile(filepath.Join(dir, "lab.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return record{}, fmt.Errorf("%w: %s", ErrNotFound, dir)
	}
	if err != nil {
		return record{}, fmt.Errorf("read lab record: %w", err)
	}
	var rec record
	if err := json.Unmarshal(b, &rec); err != nil {
		return record{}, fmt.Errorf("read lab record of %s: %w", dir, err)
	}
	if rec.Dir != dir {
		return record{}, fmt.Errorf("read lab record: %s belongs to a lab in %s", dir, rec.Dir)
	}
	return rec, nil
}
