package plan

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/homelab-iac/terraform-provider-homelab/internal/check"
	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
)

// changedServices lists the services of which a plan creates containers or changes
// limits.
func (p *Plan) changedServices() []string {
	var names []string
	for _, c := range p.Changes {
		if c.Service != "" && (c.Action == Create || c.Action == Recreate || c.Action == Update) {
			names = append(names, c.Service)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// NeedsFacts reports whether a service of which the plan creates containers or changes
// limits depends on what the node's machine has. Only then its facts are read.
func (p *Plan) NeedsFacts(want *desired.Stack) bool {
	for _, name := range p.changedServices() {
		if h := want.Services[name].Host; h.NanoCPUs > cpu || h.MemoryReservation > 0 || len(h.DeviceRequests) > 0 || namedRuntime(h.Runtime) != "" {
			return true
		}
	}
	return slices.ContainsFunc(Pulls(p, want), func(pull check.Pull) bool { return pull.Platform == "" })
}

// CheckMachine compares these services with the node's machine. Problems are what the
// engine is certain to refuse, warnings what it may refuse.
func (p *Plan) CheckMachine(want *desired.Stack, node string, facts observed.Facts) (problems []check.Problem, warnings []string) {
	f := machineCheck{stack: want.Name, node: node, facts: facts}
	for _, name := range p.changedServices() {
		s := want.Services[name]
		f.runtime(&s)
		f.cpus(&s)
		for _, request := range s.Host.DeviceRequests {
			f.device(name, request.Driver, request.DeviceIDs, request.Capabilities)
		}
	}
	return f.problems, f.warnings
}

type machineCheck struct {
	stack, node string
	facts       observed.Facts
	problems    []check.Problem
	warnings    []string
}

func (f *machineCheck) addProblem(format string, args ...any) {
	f.problems = append(f.problems, check.Problem{Attribute: "compose", Detail: fmt.Sprintf(format, args...)})
}

// shim is a runtime that containerd finds by itself, by name or path, whether or
// not the engine lists it (moby/moby, daemon/runtime_unix.go).
var shim = regexp.MustCompile(`[./]`)

// namedRuntime is a runtime that the engine has to be configured with.
func namedRuntime(name string) string {
	if shim.MatchString(name) {
		return ""
	}
	return name
}

func (f *machineCheck) runtime(s *desired.Service) {
	name := namedRuntime(s.Host.Runtime)
	if name == "" || len(f.facts.Runtimes) == 0 || slices.Contains(f.facts.Runtimes, name) {
		return
	}
	gpu := ""
	if name == "nvidia" {
		gpu = " It comes with the NVIDIA Container Toolkit (nvidia-ctk runtime configure)."
	}
	f.addProblem("Service %q of stack %q asks for the runtime %q, and the engine of node %q has only %s.%s Install the runtime there, or remove the key runtime.",
		s.Name, f.stack, name, f.node, strings.Join(f.facts.Runtimes, ", "), gpu)
}

// cpu is one processor as the engine's limits count it. Every machine has one.
const cpu = int64(1e9)

// cpus looks at a limit that the engine refuses to set (moby/moby,
// daemon/daemon_unix.go, verifyPlatformContainerResources).
func (f *machineCheck) cpus(s *desired.Service) {
	if f.facts.CPUs <= 0 || s.Host.NanoCPUs <= int64(f.facts.CPUs)*cpu {
		return
	}
	f.addProblem("Service %q of stack %q may use %g CPUs, and node %q has %d: its engine refuses the container. Lower cpus or deploy.resources.limits.cpus.",
		s.Name, f.stack, float64(s.Host.NanoCPUs)/float64(cpu), f.node, f.facts.CPUs)
}

// listsDevices is the first API version with the engine's CDI devices in its
// information.
const listsDevices = "1.50"

// device looks at a request for devices: those of the Container Device Interface
// are known by name, a GPU by its traces. Nothing is known of others.
func (f *machineCheck) device(service, driver string, ids []string, capabilities [][]string) {
	switch {
	case driver == "cdi":
		f.cdi(service, ids)
	case slices.ContainsFunc(capabilities, func(all []string) bool { return slices.Contains(all, "gpu") }):
		f.gpu(service)
	}
}

func (f *machineCheck) cdi(service string, ids []string) {
	if check.OlderThan(f.facts.APIVersion, listsDevices) {
		return
	}
	for _, id := range ids {
		if slices.Contains(f.facts.CDIDevices, id) {
			continue
		}
		has := "it knows none"
		if len(f.facts.CDIDevices) > 0 {
			has = "it knows " + strings.Join(f.facts.CDIDevices, ", ")
		}
		f.addProblem("Service %q of stack %q asks for the CDI device %q, which the engine of node %q does not know: %s. "+
			"Install the device's CDI specification there (docker info lists what is found), or run the service on another node.",
			service, f.stack, id, f.node, has)
	}
}

// gpu only warns: an engine that has a GPU's hook installed, but no runtime for
// it, does not say so.
func (f *machineCheck) gpu(service string) {
	named := func(name string) bool {
		return strings.Contains(strings.ToLower(name), "nvidia") || strings.Contains(name, "/gpu=") || strings.HasPrefix(name, "amd")
	}
	if slices.ContainsFunc(f.facts.Runtimes, named) || slices.ContainsFunc(f.facts.CDIDevices, named) {
		return
	}
	f.warnings = append(f.warnings, fmt.Sprintf("Service %q of stack %q asks for a GPU (gpus, or deploy.resources.reservations.devices), and the engine of node %q shows none: "+
		"it has the runtimes %s, and knows no CDI device of a GPU. Unless the NVIDIA Container Toolkit is installed there all the same, the engine will refuse to start it. "+
		"Install it, or run the service on another node.", service, f.stack, f.node, strings.Join(f.facts.Runtimes, ", ")))
}

// Pulls lists the images that a plan pulls, in order.
func Pulls(p *Plan, want *desired.Stack) []check.Pull {
	var out []check.Pull
	for _, op := range p.Operations {
		if op.Kind != PullImage {
			continue
		}
		pull := check.Pull{Service: op.Service, Reference: op.Name}
		if img := want.Services[op.Service].Image; img.Reference == op.Name {
			pull.Platform = img.Platform
		}
		out = append(out, pull)
	}
	return out
}
