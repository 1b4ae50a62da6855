package lab

import (
	"path/filepath"
	"sync"
)

// Options says what lab to start. The zero value of every field but Dir is a
// usable default.
type Options struct {
	// Dir is the lab's state directory. It is made by Up and removed by Down,
	// so it must be missing, empty, or an earlier lab's.
	Dir string
	// Nodes is the number of nodes, named n1, n2 and so on; 0 means 1, at most
	// MaxNodes.
	Nodes int
	// HostNetwork starts a single node in the machine's own network namespace:
	// published ports are reachable on the machine's addresses and containers
	// reach what the machine reaches. There is no sshd and no TLS port then,
	// and Down removes the bridges and packet filter rules the engine made.
	HostNetwork bool
	// Ephemeral ties the lab's processes to the calling process: when it ends,
	// even by SIGKILL, so do they. Directories are left behind for Sweep.
	Ephemeral bool
	// Dockerd is the daemon's program; "" means the dockerd on the PATH.
	Dockerd string
	// DockerdArgs are appended to the daemon's command line.
	DockerdArgs []string
	// RemapUsers names nodes whose engine maps the users of containers to those of
	// the node from RemappedID on (userns-remap).
	RemapUsers []string
	// Debug has the engines and sshds log all that they can.
	Debug bool
	// Programs is a directory of programs (containerd, runc, docker-proxy) which
	// a node prefers over the machine's own; "" means none.
	Programs string
	// Tests has Install bring what only tests run, too.
	Tests bool
}

// RemappedID is the user and the group of a node that root is in the containers
// of an engine that maps users.
const RemappedID = 100000

// MaxNodes is the largest Options.Nodes: a lab's network is one /24.
const MaxNodes = 200

// Lab is a lab that was started by Up or found by Open. Its methods are safe
// for concurrent use; its exported fields don't change.
type Lab struct {
	// Dir is the absolute state directory.
	Dir string
	// ID is in the names of the lab's cgroups and bridges: homelab-ID, hl-ID.
	ID string
	// Nodes are the lab's nodes in order: n1, n2 and so on.
	Nodes []*Node
	// CA, ClientCert and ClientKey are PEM files for the nodes' TLS ports. They
	// lie in one directory under the names that DOCKER_CERT_PATH expects.
	CA, ClientCert, ClientKey string
	// SSHKey is the private key that root accepts on every node.
	SSHKey string
	// SSHConfig is an OpenSSH configuration with which `ssh -F SSHConfig n1`
	// reaches a node from the machine, by name, lab address or loopback port.
	SSHConfig string
	// Bin is a directory with an `ssh` that uses SSHConfig; put it first on the
	// PATH of programs that run ssh by themselves.
	Bin string

	mu      sync.Mutex // guards rec and running
	rec     record
	running lifelines
}

// Node is one machine of a lab. Its methods are safe for concurrent use; its
// exported fields don't change, also not when its power is cycled.
type Node struct {
	// Name is n1, n2 and so on; it is the node's hostname too.
	Name string
	// Address is the node's IPv4 address in the lab's network, reachable from
	// other nodes and through Lab.Dial; with HostNetwork it is 127.0.0.1.
	Address string
	// Socket is the path on the machine of the engine's Unix socket, and Host the
	// same as a DOCKER_HOST value.
	Socket, Host string
	// TCPHost is tcp://127.0.0.1:port, forwarded to the node's port 2376, and
	// SSHHost is ssh://root@127.0.0.1:port, forwarded to its sshd. Both are ""
	// with HostNetwork.
	TCPHost, SSHHost string
	// Root is where the node's root file system lies on the machine: Root+"/srv"
	// is the node's /srv.
	Root string
	// Log is the file that the node's dockerd, sshd and process 1 write to.
	Log string

	lab   *Lab
	index int
}

// Lab is the lab that the node belongs to.
func (n *Node) Lab() *Lab { return n.lab }

// newLab lays out the exported view of a record.
func newLab(rec record) *Lab {
	l := &Lab{
		Dir:        rec.Dir,
		ID:         rec.ID,
		CA:         filepath.Join(rec.Dir, "client", "ca.pem"),
		ClientCert: filepath.Join(rec.Dir, "client", "cert.pem"),
		ClientKey:  filepath.Join(rec.Dir, "client", "key.pem"),
		SSHKey:     filepath.Join(rec.Dir, "ssh", "id_ed25519"),
		SSHConfig:  filepath.Join(rec.Dir, "ssh", "config"),
		Bin:        filepath.Join(rec.Dir, "bin"),
		rec:        rec,
	}
	l.layNodes()
	return l
}

// layNodes lays out the exported view of the record's nodes.
func (l *Lab) layNodes() {
	l.Nodes = nil
	rec := l.rec
	for i, n := range rec.Nodes {
		node := &Node{
			Name:    n.Name,
			Address: n.Address,
			Socket:  filepath.Join(rec.runDir(n.Name), "docker.sock"),
			Root:    rec.rootDir(n.Name),
			Log:     filepath.Join(rec.Dir, n.Name, "log"),
			lab:     l,
			index:   i,
		}
		node.Host = "unix://" + node.Socket
		if !rec.HostNetwork {
			node.TCPHost = "tcp://" + n.TCPForward
			node.SSHHost = "ssh://root@" + n.SSHForward
		}
		l.Nodes = append(l.Nodes, node)
	}
}

// HostNetwork reports whether the lab shares the machine's network.
func (l *Lab) HostNetwork() bool { return l.rec.HostNetwork }
