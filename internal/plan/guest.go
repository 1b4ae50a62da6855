package plan

import "fmt"

// warnOfGuests warns of containers outside the stack that share the network namespace of
// one that is removed: they have no network until they are recreated, which is not part
// of this plan.
func (b *builder) warnOfGuests() {
	for _, s := range b.allSlots() {
		if s.current == nil || s.action != Recreate && s.action != Remove {
			continue
		}
		for _, guest := range b.have.Guests[s.current.ID] {
			if guest.Stack == b.want.Name {
				continue // which follows
			}
			text := fmt.Sprintf("Container %q of service %q is %sd, and %s uses its network: that one has none until it is recreated.",
				s.current.Name, s.service, s.action, holderText(guest))
			if guest.Owned {
				text += " The next plan of its stack recreates it; apply once more afterwards."
			}
			b.Warnings = append(b.Warnings, text)
		}
	}
}
