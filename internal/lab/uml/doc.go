// Package uml runs Docker nodes on a kernel of their own: User Mode Linux, a Linux
// kernel that is an ordinary process. Tests use it for what the machine's kernel
// may lack, above all VLANs (802.1q).
//
// A guest sees the machine's /usr, read-only, and so runs the machine's own Docker
// engine; all that it writes lies in its memory. The guests of a lab have two
// interfaces each, in a network namespace that the lab made: mgmt, over which the
// host speaks to the guest's engine, and eth0, which is plugged into one wire for
// all guests and has no address. The machine's own network is left alone.
//
// Everything ends with the process that started the lab, even by SIGKILL. It is
// Linux-only, for machines with Debian's package user-mode-linux, and needs root
// and /dev/net/tun: see [Supported]. It is no security boundary.
package uml

import "errors"

// ErrProcessor is why a machine with a processor of the newest kind runs no guests,
// whatever else it has.
var ErrProcessor = errors.New("a guest with its own kernel needs a processor without AMX: User Mode Linux cannot restore that many registers")

// What the host and the program in the guest agree on.
const (
	// SharedDir is where a guest has the directory with its own program.
	SharedDir = "/lab"
	// ModulesDir is where a guest has the directory of its kernel's modules.
	ModulesDir = "/modules"
	// ProgramsDir is where a guest has Options.Programs.
	ProgramsDir = "/programs"
	// EnginePort is where a guest's engine listens, without TLS: nobody else is in
	// the network that it listens on.
	EnginePort = "2375"
	// AgentPort is where the guest's own program listens, in the same way.
	AgentPort = "2323"
	// GuestFailed begins the guest's last words on its console.
	GuestFailed = "homelab-guest failed"
)
