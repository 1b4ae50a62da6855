package check

import (
	"maps"
	"slices"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

// Reservation is what a stack takes of its node once it is applied, for the plans of
// other stacks of the same run.
type Reservation struct {
	Stack string
	// Ports are the host ports of its services that publish any by number.
	Ports []ReservedPort
	// Names are the names of its containers.
	Names []ReservedName
	// Reserved are its services' reservations of memory.
	Reserved []MemoryReservation
	// Exposed are its services that have to do with the outside.
	Exposed []Exposure
	// Leaves reports that the stack will be gone from the node.
	Leaves bool
	// Unknown reports that what it takes is known only at apply.
	Unknown bool
	// Before reports that it was planned before the stack that looks at it: if two want
	// the same, the later one gets the problem.
	Before bool
}

// ReservedPort is a port and the service that publishes it.
type ReservedPort struct {
	Service string
	Port    HostPort
	// Starts reports that a container of the service is created or started.
	Starts bool
}

// ReservedName is a container's name and the service that it is of.
type ReservedName struct {
	Service, Name string
	// Starts is as in [ReservedPort].
	Starts bool
}

// MemoryReservation is the memory that all containers of a service reserve.
type MemoryReservation struct {
	Service     string
	MemoryBytes int64
}

// ReservationOf is what a stack is declared to take.
func ReservationOf(want *desired.Stack) Reservation {
	reservation := Reservation{Stack: want.Name, Exposed: exposures(want)}
	for _, name := range slices.Sorted(maps.Keys(want.Services)) {
		s := want.Services[name]
		if s.Replicas == 0 {
			continue
		}
		for _, port := range Published(&s) {
			reservation.Ports = append(reservation.Ports, ReservedPort{Service: name, Port: port})
		}
		for number := range s.Replicas {
			reservation.Names = append(reservation.Names, ReservedName{Service: name, Name: desired.ContainerName(want.Name, &s, number+1)})
		}
		if reserved := s.Host.MemoryReservation; reserved > 0 {
			reservation.Reserved = append(reservation.Reserved, MemoryReservation{Service: name, MemoryBytes: reserved * int64(s.Replicas)})
		}
	}
	return reservation
}
