package check

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
)

// Exposure is a service that has to do with the outside: it publishes ports, or its
// label says that it is the ingress.
type Exposure struct {
	Service string
	// Ports are what it publishes, as text, and Networks the engine's names of those
	// that it is attached to.
	Ports, Networks []string
	// Ingress reports that it is in the external zone by its label.
	Ingress bool
}

// ZoneOf returns the zone of a network by the engine's name, empty for none, and what
// says so, as in `homelab_network "db"`.
type ZoneOf func(network string) (zone, by string)

// exposures are a stack's services that have to do with the outside, in order.
func exposures(want *desired.Stack) []Exposure {
	var out []Exposure
	for _, name := range slices.Sorted(maps.Keys(want.Services)) {
		s := want.Services[name]
		e := Exposure{Service: name, Ports: publishes(&s), Ingress: s.Config.Labels[desired.LabelZone] == desired.ZoneExternal}
		for _, attachment := range s.Networks {
			e.Networks = append(e.Networks, attachment.Network)
		}
		if len(e.Ports) > 0 || e.Ingress {
			out = append(out, e)
		}
	}
	return out
}

// publishes lists all that a service publishes, as text and in order: also on an
// address of the node's own, and where the engine chooses the port.
func publishes(s *desired.Service) []string {
	var out []string
	for _, p := range s.Published() {
		if p.Port == "" {
			out = append(out, fmt.Sprintf("a port of the engine's choice for %s/%s", p.Target, p.Protocol))
			continue
		}
		out = append(out, "port "+p.Port+"/"+p.Protocol)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// StackZones says which services of a stack have to do with the outside and are on
// networks that have not, and which of its own networks are not what their zone
// promises. zoneOf knows the networks that are not the stack's own.
func StackZones(want *desired.Stack, zoneOf ZoneOf) []Problem {
	var problems []Problem
	add := func(detail string) {
		if detail != "" {
			problems = append(problems, Problem{Attribute: "compose", Detail: detail})
		}
	}
	own := map[string]string{}
	for _, key := range slices.Sorted(maps.Keys(want.Networks)) {
		if n := want.Networks[key]; !n.External {
			own[n.Name] = n.Labels[desired.LabelZone]
			add(brokenZone(key, n))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(want.Services)) {
		if zone, labelled := want.Services[name].Config.Labels[desired.LabelZone]; labelled && zone != desired.ZoneExternal {
			add(fmt.Sprintf("Service %q has the label %s: %q. A service has it with the value external only, if it is the ingress; every other is where its networks are.",
				name, desired.LabelZone, zone))
		}
	}
	for _, e := range exposures(want) {
		for _, network := range e.Networks {
			zone, by := own[network], "its label"
			if _, mine := own[network]; !mine {
				zone, by = zoneOf(network)
			}
			if reason := e.refusedBy(network, zone, by); reason != "" {
				add("Service " + reason)
			}
		}
	}
	return problems
}

// brokenZone says how a network of a stack's own is not what its label says, empty
// if it is.
func brokenZone(key string, n desired.Network) string {
	switch zone := n.Labels[desired.LabelZone]; {
	case zone != "" && !slices.Contains(desired.Zones(), zone):
		return fmt.Sprintf("Network %q has the label %s: %q. The zones are %s.", key, desired.LabelZone, zone, strings.Join(desired.Zones(), ", "))
	case zone == desired.ZoneData && !n.Internal:
		return fmt.Sprintf("Network %q is of zone data by its label, and is not internal: its containers would reach the outside. Write internal: true.", key)
	case zone == desired.ZoneExternal && n.Internal:
		return fmt.Sprintf("Network %q is of zone external by its label, and is internal: nothing could reach it from outside. Remove one of the two.", key)
	}
	return ""
}

// refusedBy says why a service may not be on a network of a zone, empty if it may.
func (e Exposure) refusedBy(network, zone, by string) string {
	ports := strings.Join(e.Ports, ", ")
	switch {
	case zone == desired.ZoneData && len(e.Ports) > 0:
		return fmt.Sprintf("%q publishes %s and is on network %q, which is of zone data by %s: nothing outside may reach what is on it. "+
			"Remove the ports, and let what needs the service join that network.", e.Service, ports, network, by)
	case zone == desired.ZoneData && e.Ingress:
		return fmt.Sprintf("%q is the ingress by its label %s: external, and is on network %q, which is of zone data by %s. "+
			"Remove it from that network: a service in between is on both.", e.Service, desired.LabelZone, network, by)
	case zone == desired.ZoneService && len(e.Ports) > 0 && !e.Ingress:
		return fmt.Sprintf("%q publishes %s and is on network %q, which is of zone service by %s: what is on it is reached through the ingress only. "+
			"Remove the ports; or, if this is the ingress, or has to be reached without it, give it the label %s: external.",
			e.Service, ports, network, by, desired.LabelZone)
	}
	return ""
}

// NetworkZone says which services of stacks that were planned before may not be on a
// network because of its zone, and warns of containers that are on it now and may
// not: their stacks may be about to change.
func NetworkZone(own Network, reservations []Reservation, attached []observed.Attached) (problems []Problem, warnings []string) {
	planned := map[string]bool{}
	for _, reservation := range reservations {
		planned[reservation.Stack] = true
		for _, e := range reservation.Exposed {
			if !slices.Contains(e.Networks, own.Name) {
				continue
			}
			if detail := e.refusedBy(own.Name, own.Zone, "this resource"); detail != "" && reservation.Before {
				problems = append(problems, Problem{Attribute: "zone", Detail: fmt.Sprintf("Stack %q: service %s", reservation.Stack, detail)})
			}
		}
	}
	for _, c := range attached {
		e := Exposure{Service: c.Name, Ports: c.Publishes, Ingress: c.Ingress}
		if detail := e.refusedBy(own.Name, own.Zone, "this resource"); detail != "" && !planned[c.Stack] {
			warnings = append(warnings, "Container "+detail)
		}
	}
	return problems, warnings
}
