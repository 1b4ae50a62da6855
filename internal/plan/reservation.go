package plan

import (
	"fmt"
	"slices"

	"github.com/homelab-iac/terraform-provider-homelab/internal/check"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
)

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
	return b.fateOf(h.Holder, func(reservation check.Reservation) bool {
		return slices.ContainsFunc(reservation.Ports, func(p check.ReservedPort) bool { return p.Port.Clashes(h.HostPort) })
	})
}

// fateOf asks the holder's stack, and stillClaims whether that reservations it. While a plan
// is applied, what another container has is in the way.
func (b *builder) fateOf(h observed.Holder, stillReserves func(check.Reservation) bool) fate {
	if !h.Owned {
		return keeps
	}
	if b.opts.Applying {
		b.MayClear = true
		return keeps
	}
	reservation, planned := b.other(h.Stack)
	switch {
	case !planned:
		b.Unsure = true
		return unplanned
	case reservation.Leaves:
		return leaves
	case reservation.Unknown:
		return unclear
	case stillReserves(reservation):
		return keeps
	}
	return leaves
}

func (b *builder) other(stack string) (check.Reservation, bool) {
	for _, reservation := range b.opts.Others {
		if reservation.Stack == stack {
			return reservation, true
		}
	}
	return check.Reservation{}, false
}

func holderText(h observed.Holder) string {
	if h.Stack == "" {
		return fmt.Sprintf("container %q", h.Container)
	}
	return fmt.Sprintf("service %q of stack %q (container %q)", h.Service, h.Stack, h.Container)
}

func (b *builder) portTaken(service string, want check.HostPort, h heldPort) string {
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

func (b *builder) portGivenUp(service string, want check.HostPort, h heldPort) string {
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
