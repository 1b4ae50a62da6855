// Package lab runs disposable Docker nodes on one Linux machine, for the tests
// of this repository and for its quick start.
//
// A node is a set of Linux namespaces (mount, PID, UTS, IPC and, except with
// Options.HostNetwork, network) around its own root file system, dockerd and
// sshd. It has its own /var/run/docker.sock, /var/lib/docker, /etc, /srv and so
// on: nothing a test does to a node reaches the machine. Only the machine's
// /usr is shared, read-only. Its process 1 is this program again (see
// MaybeInit); killing that process is pulling the node's plug, because the
// kernel then kills every process in the node.
//
// The nodes of a lab share a bridge in the network namespace of one more
// process, the hub, which also forwards one loopback port of the machine to each
// node's SSH and TLS ports. The machine's own network is left alone, so labs
// coexist. Only Options.HostNetwork changes it, for a single node whose
// published ports are reachable on 127.0.0.1; Down takes those changes back.
//
// Everything a lab knows is in its directory (lab.json), so that another
// process can Open it. All of it is Linux-only and needs root: see Supported.
package lab
