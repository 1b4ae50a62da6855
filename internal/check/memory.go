package check

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/docker/go-units"

	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
)

// MemoryOvercommitted writes the warning that the services of a node's stacks reserve
// more memory than it has; empty where they do not. It knows the stacks of one run only.
func MemoryOvercommitted(node string, facts observed.Facts, reservations []Reservation) string {
	type ofStack struct {
		MemoryReservation
		stack string
	}
	var sum int64
	var all []ofStack
	for _, reservation := range reservations {
		for _, r := range reservation.Reserved {
			sum += r.MemoryBytes
			all = append(all, ofStack{r, reservation.Stack})
		}
	}
	if facts.MemoryBytes <= 0 || sum <= facts.MemoryBytes {
		return ""
	}
	slices.SortFunc(all, func(a, b ofStack) int {
		return cmp.Or(cmp.Compare(b.MemoryBytes, a.MemoryBytes), strings.Compare(a.stack, b.stack), strings.Compare(a.Service, b.Service))
	})
	var parts []string
	for i, r := range all {
		if i == listed {
			parts = append(parts, fmt.Sprintf("and %d more", len(all)-listed))
			break
		}
		parts = append(parts, fmt.Sprintf("%s by service %q of stack %q", bytesText(r.MemoryBytes), r.Service, r.stack))
	}
	return fmt.Sprintf("Node %q has %s of memory, and the services that are planned for it reserve %s (deploy.resources.reservations.memory): %s. "+
		"The engine starts them nevertheless, but they cannot all get what they reserve. Lower a reservation, or run some of them on another node.",
		node, bytesText(facts.MemoryBytes), bytesText(sum), strings.Join(parts, ", "))
}

func bytesText(n int64) string {
	return units.CustomSize("%.4g %s", float64(n), 1024, []string{"B", "KiB", "MiB", "GiB", "TiB", "PiB"})
}

// listed is how many reservations are named.
const listed = 6
