package lab

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// Dial connects from inside the lab's network to a numeric address, for example
// a node's Address and a published port. The machine itself has no route there.
// With HostNetwork it dials from the machine.
func (l *Lab) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	if l.rec.HostNetwork {
		var d net.Dialer
		return d.DialContext(ctx, network, address)
	}
	l.mu.Lock()
	hub := l.rec.Hub
	l.mu.Unlock()
	return dialFrom(ctx, hub, network, address)
}

// Dial connects to a TCP port of the node from inside the lab's network.
func (n *Node) Dial(ctx context.Context, port int) (net.Conn, error) {
	return n.lab.Dial(ctx, "tcp4", fmt.Sprintf("%s:%d", n.Address, port))
}

// Listen opens a TCP port on the node's own loopback address, which its engine
// and host-network containers reach as 127.0.0.1. The listener stays there
// while the caller serves it from its own network.
func (n *Node) Listen(port int) (listener net.Listener, err error) {
	address := fmt.Sprintf("127.0.0.1:%d", port)
	if n.lab.rec.HostNetwork {
		return net.Listen("tcp4", address)
	}
	n.lab.mu.Lock()
	init := n.lab.rec.Nodes[n.index].Init
	n.lab.mu.Unlock()
	err = inNetwork(init, func() error {
		listener, err = net.Listen("tcp4", address)
		return err
	})
	return listener, err
}

// startHub starts the process that holds the lab's network and forwards loopback
// ports of the machine into it. It fills in the record's forwards.
func (l *Lab) startHub(ctx context.Context) error {
	var files []*os.File
	var targets []string
	defer func() {
		for _, f := range files {
			f.Close()
		}
	}()
	for i := range l.rec.Nodes {
		n := &l.rec.Nodes[i]
		for port, forward := range map[string]*string{"22": &n.SSHForward, "2376": &n.TCPForward} {
			f, address, err := listen()
			if err != nil {
				return fmt.Errorf("forward port %s of %s: %w", port, n.Name, err)
			}
			*forward = address
			files, targets = append(files, f), append(targets, net.JoinHostPort(n.Address, port))
		}
	}
	hub, err := spawn("hub", "hub", filepath.Join(l.Dir, "hub.log"), unix.CLONE_NEWNET, files)
	if err != nil {
		return err
	}
	l.rec.Hub = hub.process
	// Forwarding makes the kernel refuse what has no route at once. Without it,
	// a node's lookups of outside names would wait for their timeouts.
	err = inNetwork(hub.process, func() error {
		err := ip(ctx,
			"link set lo up",
			"link add br0 type bridge",
			fmt.Sprintf("addr add %s.1/24 dev br0", l.rec.Subnet),
			"link set br0 up")
		if err != nil {
			return err
		}
		return os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0o644)
	})
	if err != nil {
		unix.Close(hub.control) // ends it
		return fmt.Errorf("set up network: %w", err)
	}
	return hub.configure(initConfig{Lifeline: l.rec.Ephemeral, Forwards: targets}, &l.running)
}

// listen opens a loopback port of the machine, to hand on to the hub.
func listen() (*os.File, string, error) {
	ln, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, "", err
	}
	defer ln.Close()
	f, err := ln.File()
	return f, ln.Addr().String(), err
}

// plug connects a node's network to the hub's bridge. Its hardware address
// depends on its place alone: a new one after a power cycle costs the others
// half a minute of stale neighbour entries.
func (l *Lab) plug(ctx context.Context, n nodeRecord, index int, node process) error {
	err := inNetwork(l.rec.Hub, func() error {
		return ip(ctx,
			fmt.Sprintf("link add %s type veth peer name eth0 address 02:77:%s:%s:00:%02x netns %d",
				n.Name, l.rec.ID[0:2], l.rec.ID[2:4], index+1, node.PID),
			fmt.Sprintf("link set %s master br0 up", n.Name))
	})
	if err == nil {
		err = inNetwork(node, func() error {
			return ip(ctx,
				"link set lo up",
				fmt.Sprintf("addr add %s/24 dev eth0", n.Address),
				"link set eth0 up",
				fmt.Sprintf("route add default via %s.1", l.rec.Subnet))
		})
	}
	if err != nil {
		return fmt.Errorf("connect %s to the lab's network: %w", n.Name, err)
	}
	return nil
}

// unplug removes the hub's end of a dead node's link: a network namespace is
// taken apart in the background, and the name is needed again by then.
func (l *Lab) unplug(ctx context.Context, node string) error {
	if !l.rec.Hub.alive() {
		return nil
	}
	return inNetwork(l.rec.Hub, func() error {
		// It may be gone already, or go by itself at any moment.
		err := ip(ctx, "link del "+node)
		if _, there := net.InterfaceByName(node); there == nil {
			return err
		}
		return nil
	})
}

// ip runs commands of ip(8) in the calling thread's network namespace.
func ip(ctx context.Context, commands ...string) error {
	_, err := command(ctx, strings.Join(commands, "\n")+"\n", "ip", "-batch", "-")
	return err
}
