package plan

import (
	"fmt"
	"slices"

	"github.com/homelab-iac/terraform-provider-homelab/internal/check"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
)

// release is whether another container frees a port or a name that this stack needs.
type release int

const (
	// isKept: it stays taken, as far as anybody knows.
	isKept release = iota
	// isReleased: its stack gives it up in the same run.
	isReleased
	// mayBeReleased: its stack's plan is known only at apply.
	mayBeReleased
	// isUnplanned: its stack was not planned in this run, or not yet.
	isUnplanned
)

// portRelease reports whether the holder of a port frees it.
func (b *builder) portRelease(h heldPort) release {
	return b.release(h.Holder, func(reservation check.Reservation) bool {
		return slices.ContainsFunc(reservation.Ports, func(p check.ReservedPort) bool { return p.Port.Clashes(h.HostPort) })
	})
}

// release reports whether the holder frees what it has, by the plan of its stack, of
// which stillReserves reports whether the thing is in its reservation. While a plan is
// applied, the thing is taken for as long as the holder has it.
func (b *builder) release(h observed.Holder, stillReserves func(check.Reservation) bool) release {
	if !h.Owned {
		return isKept
	}
	if b.opts.Applying {
		b.MayClear = true
		return isKept
	}
	reservation, planned := b.other(h.Stack)
	switch {
	case !planned:
		b.Unsure = true
		return isUnplanned
	case reservation.Leaves:
		return isReleased
	case reservation.Unknown:
		return mayBeReleased
	case stillReserves(reservation):
		return isKept
	}
	return isReleased
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
	return text + b.remedy(h.Holder, "Publish another port")
}

// remedy says what to do about a holder that keeps what it has; otherwise is how to do
// without it.
func (b *builder) remedy(h observed.Holder, otherwise string) string {
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
		releaseAdvice(b.portRelease(h), "while the port is taken")
}

// releaseAdvice says what to do about what its holder gives up in the same run.
func releaseAdvice(f release, taken string) string {
	gives := "and gives up in this run"
	switch f {
	case mayBeReleased:
		gives = "and may give up in this run: that is known only at apply"
	case isUnplanned:
		return "and this run has not planned that stack, or not yet. If the run frees it, let this stack depend on that one (depends_on); " +
			"else applying this one fails, without a change, " + taken + "."
	case isKept, isReleased:
	}
	return gives + ". Let this stack depend on that one (depends_on), if it does not yet: " +
		"else Terraform may apply this one first, which fails, without a change, " + taken + "."
}
