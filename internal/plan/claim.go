package plan

import (
	"fmt"
	"slices"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
)

// Claim is what a stack takes of its node once it is applied, so that other
// stacks of the same run can be told of it.
type Claim struct {
	Stack string
	// Ports are the host ports of its services that publish any by number.
	Ports []ClaimedPort
	// Names are the names of its containers.
	Names []ClaimedName
	// Reserved are its services' reservations of memory.
	Reserved []Reservation
	// Exposed are its services that have to do with the outside.
	Exposed []Exposure
	// Leaves tells that the stack will be gone from the node.
	Leaves bool
	// Unknown tells that what it takes is known only at apply.
	Unknown bool
	// Before tells that it was planned before the stack that looks at it: of two
	// that want the same, the later one is told.
	Before bool
}

// ClaimedPort is a port and the service that publishes it.
type ClaimedPort struct {
	Service string
	Port    HostPort
	// ComesUp reports that a container of the service is created or started.
	ComesUp bool
}

// ClaimedName is a container's name and the service that it is of.
type ClaimedName struct {
	Service, Name string
	// ComesUp is as in [ClaimedPort].
	ComesUp bool
}

// Reservation is the memory that all containers of a service reserve.
type Reservation struct {
	Service     string
	MemoryBytes int64
}

// ClaimOf is what a stack is declared to take.
func ClaimOf(want *desired.Stack) Claim {
	claim := Claim{Stack: want.Name, Exposed: exposures(want)}
	for _, name := range sortedKeys(want.Services) {
		s := want.Services[name]
		if s.Replicas == 0 {
			continue
		}
		for _, port := range published(&s) {
			claim.Ports = append(claim.Ports, ClaimedPort{Service: name, Port: port})
		}
		for number := range s.Replicas {
			claim.Names = append(claim.Names, ClaimedName{Service: name, Name: ContainerName(want.Name, &s, number+1)})
		}
		if reserved := s.Host.MemoryReservation; reserved > 0 {
			claim.Reserved = append(claim.Reserved, Reservation{Service: name, MemoryBytes: reserved * int64(s.Replicas)})
		}
	}
	return claim
}

// fate is what becomes of a port or a name that another container has.
type fate int

const (
	// keeps: it stays taken, as far as anybody knows.
	keeps fate = iota
	// leaves: its stack gives it up in the same run.
	leaves
	// unclear: its stack's plan is known only at apply.
	unclear
	// unplanned: its stack was not planned in this run, or not yet.
	unplanned
)

// fate asks the holder's stack what becomes of a port.
func (b *builder) fate(h heldPort) fate {
	return b.fateOf(h.Holder, func(claim Claim) bool {
		return slices.ContainsFunc(claim.Ports, func(p ClaimedPort) bool { return p.Port.clashes(h.HostPort) })
	})
}

// fateOf asks the holder's stack, and stillClaims whether that claims it. While a plan
// is applied, what another container has is in the way.
func (b *builder) fateOf(h observed.Holder, stillClaims func(Claim) bool) fate {
	if !h.Owned {
		return keeps
	}
	if b.opts.Applying {
		b.plan.MayClear = true
		return keeps
	}
	claim, planned := b.other(h.Stack)
	switch {
	case !planned:
		b.plan.Unsure = true
		return unplanned
	case claim.Leaves:
		return leaves
	case claim.Unknown:
		return unclear
	case stillClaims(claim):
		return keeps
	}
	return leaves
}

func (b *builder) other(stack string) (Claim, bool) {
	for _, claim := range b.opts.Others {
		if claim.Stack == stack {
			return claim, true
		}
	}
	return Claim{}, false
}

func holderText(h observed.Holder) string {
	if h.Stack == "" {
		return fmt.Sprintf("container %q", h.Container)
	}
	return fmt.Sprintf("service %q of stack %q (container %q)", h.Service, h.Stack, h.Container)
}

func (b *builder) portTaken(service string, want HostPort, h heldPort) string {
	text := fmt.Sprintf("Service %q publishes port %s%s, which %s holds already. ", service, want, b.onNode(), holderText(h.Holder))
	return text + b.wayOut(h.Holder, "Publish another port")
}

// wayOut says what to do about a holder that keeps what it has; otherwise is to make
// do with something else.
func (b *builder) wayOut(h observed.Holder, otherwise string) string {
	switch _, planned := b.other(h.Stack); {
	case planned && !b.opts.Applying:
		return "That stack keeps it in this run. " + otherwise + " in one of the two stacks."
	case h.Owned:
		return otherwise + ", or free that one first. Where the same run takes it from that stack, " +
			"let this one depend on it (depends_on), so that it goes first."
	default:
		return otherwise + ", or free that one first."
	}
}

func (b *builder) portGivenUp(service string, want HostPort, h heldPort) string {
	return fmt.Sprintf("Service %q publishes port %s%s, which %s holds now, ", service, want, b.onNode(), holderText(h.Holder)) +
		givenUp(b.fate(h), "while the port is taken")
}

// givenUp says what to do about what its holder gives up in the same run.
func givenUp(f fate, taken string) string {
	gives := "and gives up in this run"
	switch f {
	case unclear:
		gives = "and may give up in this run: that is known only at apply"
	case unplanned:
		return "and this run has not planned that stack, or not yet. If the run frees it, let this stack depend on that one (depends_on); " +
			"else applying this one fails, without a change, " + taken + "."
	case keeps, leaves:
	}
	return gives + ". Let this stack depend on that one (depends_on), if it does not yet: " +
		"else Terraform may apply this one first, which fails, without a change, " + taken + "."
}
