package address

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"slices"
)

// Site is a prefix from which a house's subnets are carved, one for each VLAN.
//
// A site is divided into slots of one size, and VLAN n lies in slot n (counted
// around, if there are fewer). So where a subnet lies follows from its own VLAN id
// and nothing else, and adding or removing one cannot move another. The price is
// that two may want one place: that is an error, which names a free prefix to pin
// one of them to. docs/adr/0033 says why there is no other way.
type Site struct {
	// Prefix is the complete site's.
	Prefix netip.Prefix
	// SlotBits is the length of a slot's prefix. 0: SlotBits(Prefix).
	SlotBits int
}

// Request is one subnet that a site is asked for.
type Request struct {
	// Name identifies the subnet within the site, as in "servers".
	Name string
	// VLAN is its 802.1Q id, 1 to 4094.
	VLAN int
	// Bits is the length of its prefix. 0: the slot's. A longer one begins where
	// the slot does; a shorter one is the block around the slot.
	Bits int
	// Pinned is the prefix itself, instead of the one that follows from VLAN and
	// Bits. Zero: none.
	Pinned netip.Prefix
}

// Problem says what is wrong with what was asked for under one name.
type Problem struct {
	// Name is a request's, as the caller gave it.
	Name string
	// Reason says what is wrong and the way out, in a sentence without its end.
	Reason string
	// Free is a prefix that could be pinned instead; zero if there is none, or
	// none would help.
	Free netip.Prefix
}

// Error is the reason, after the name.
func (p *Problem) Error() string { return fmt.Sprintf("%q: %s", p.Name, p.Reason) }

// Lengths of the slots of a site that is big enough: what people and IPv6 hosts
// (RFC 7421) expect a subnet to be.
const (
	slotBits4 = 24
	slotBits6 = 64
	// sixteenth is how much longer than its site's a slot's prefix is otherwise.
	sixteenth = 4
)

// maxVLAN is the highest 802.1Q id of a VLAN; 0 and 4095 have other meanings.
const maxVLAN = 4094

// SlotBits is the length of a site's slots if nobody says: /24, or /64 in IPv6; a
// sixteenth of the site if that would be longer. It depends on the site alone, so
// that no subnet moves when one is added.
func SlotBits(site netip.Prefix) int {
	usual, most := slotBits6, 126
	if site.Addr().Is4() {
		usual, most = slotBits4, 30
	}
	return max(site.Bits(), min(most, max(usual, site.Bits()+sixteenth)))
}

// Carve returns the prefix of every request. Requests may come in any order. The
// error joins one *Problem for each that has no place, and then there is no result.
func (s Site) Carve(requests []Request) (map[string]netip.Prefix, error) {
	if err := CheckPrefix(s.Prefix); err != nil {
		return nil, err
	}
	if s.SlotBits == 0 {
		s.SlotBits = SlotBits(s.Prefix)
	}
	if s.SlotBits < s.Prefix.Bits() || s.SlotBits > s.Prefix.Addr().BitLen() {
		return nil, fmt.Errorf("a slot of /%d does not fit into %s", s.SlotBits, s.Prefix)
	}
	ordered := slices.Clone(requests)
	slices.SortFunc(ordered, func(a, b Request) int {
		return cmp.Or(cmp.Compare(a.VLAN, b.VLAN), cmp.Compare(a.Name, b.Name))
	})
	placed := map[string]netip.Prefix{}
	var problems []error
	for i, request := range ordered {
		prefix, err := s.place(request)
		if err == nil {
			err = duplicateVLAN(request, ordered[:i])
		}
		if err != nil {
			problems = append(problems, err)
			continue
		}
		placed[request.Name] = prefix
	}
	problems = append(problems, s.collisions(ordered, placed)...)
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	return placed, nil
}

// place says where a request lies, whatever else there is.
func (s Site) place(r Request) (netip.Prefix, error) {
	if r.VLAN < 1 || r.VLAN > maxVLAN {
		return netip.Prefix{}, &Problem{Name: r.Name, Reason: fmt.Sprintf("VLAN %d is not from 1 to %d", r.VLAN, maxVLAN)}
	}
	if r.Pinned.IsValid() {
		return s.pinned(r)
	}
	bits := cmp.Or(r.Bits, s.SlotBits)
	if bits < s.Prefix.Bits() || bits > s.Prefix.Addr().BitLen() {
		return netip.Prefix{}, &Problem{Name: r.Name, Reason: fmt.Sprintf("a /%d does not fit into %s", bits, s.Prefix)}
	}
	slot := nth(s.Prefix, s.SlotBits, s.slot(r.VLAN))
	return netip.PrefixFrom(slot.Addr(), bits).Masked(), nil
}

// slot is the number of a VLAN's slot.
func (s Site) slot(vlan int) uint64 {
	n := uint64(vlan) //nolint:gosec // checked to be from 1 to 4094
	if free := s.SlotBits - s.Prefix.Bits(); free < 12 {
		n %= 1 << free
	}
	return n
}

// pinned checks a prefix that the request names itself.
func (s Site) pinned(r Request) (netip.Prefix, error) {
	pinned := r.Pinned.Masked()
	if pinned.Bits() < s.Prefix.Bits() || !s.Prefix.Contains(pinned.Addr()) {
		return netip.Prefix{}, &Problem{Name: r.Name, Reason: fmt.Sprintf("%s is outside the site, %s", pinned, s.Prefix)}
	}
	if r.Bits != 0 && r.Bits != pinned.Bits() {
		return netip.Prefix{}, &Problem{Name: r.Name, Reason: fmt.Sprintf("%s is not a /%d", pinned, r.Bits)}
	}
	return pinned, nil
}

// duplicateVLAN refuses one VLAN under two names, or one name twice.
func duplicateVLAN(r Request, before []Request) error {
	for _, other := range before {
		if other.Name == r.Name {
			return &Problem{Name: r.Name, Reason: "is asked for twice"}
		}
		if other.VLAN == r.VLAN {
			return &Problem{Name: r.Name, Reason: fmt.Sprintf("VLAN %d is already %q's", r.VLAN, other.Name)}
		}
	}
	return nil
}

// collisions names every pair that shares addresses, and the way out. It blames
// the one that is not pinned, or else the one with the higher VLAN id.
func (s Site) collisions(ordered []Request, placed map[string]netip.Prefix) []error {
	var problems []error
	for i, later := range ordered {
		for _, earlier := range ordered[:i] {
			if !placed[later.Name].Overlaps(placed[earlier.Name]) || later.Name == earlier.Name {
				continue
			}
			if later.Pinned.IsValid() && !earlier.Pinned.IsValid() {
				problems = append(problems, s.collision(earlier, later, placed))
				continue
			}
			problems = append(problems, s.collision(later, earlier, placed))
		}
	}
	return problems
}

// collision says that two requests share addresses, and where there is room.
func (s Site) collision(r, other Request, placed map[string]netip.Prefix) error {
	problem := &Problem{Name: r.Name}
	problem.Free, _ = s.Free(placed[r.Name].Bits(), placed)
	problem.Reason = fmt.Sprintf("%s (VLAN %d) overlaps %s of %q (VLAN %d)",
		placed[r.Name], r.VLAN, placed[other.Name], other.Name, other.VLAN)
	if problem.Free.IsValid() {
		problem.Reason += fmt.Sprintf("; give the newer of the two a prefix of its own, for example cidr = %q", problem.Free)
	} else {
		problem.Reason += fmt.Sprintf("; and %s has no /%d left", s.Prefix, placed[r.Name].Bits())
	}
	return problem
}

// Free returns the lowest prefix of the length that overlaps none of placed; ok is
// false if the site has none left.
func (s Site) Free(bits int, placed map[string]netip.Prefix) (prefix netip.Prefix, ok bool) {
	taken := make([]Range, 0, len(placed))
	for _, other := range placed {
		taken = append(taken, RangeOf(other))
	}
	return free(s.Prefix, bits, taken)
}
