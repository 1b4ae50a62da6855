package secret_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/lab"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/labtest"
)

// TestAccSecret goes through the life of secrets, on a node that shares its users
// with containers and on one that maps them. It is one test because its parts share
// a lab.
func TestAccSecret(t *testing.T) {
	requireAcceptance(t)
	l := labtest.New(t, lab.Options{Nodes: 2, RemapUsers: []string{"n2"}})
	plain, remapped := l.Nodes[0], l.Nodes[1]
	t.Run("Rotated_ThreeOfTwentyAreMadeAgainAndNothingIsLeft", func(t *testing.T) { newHome(t, plain, 0).rotation(20) })
	t.Run("Rotated_OnANodeThatMapsUsers_HasTheOwnerThatContainersSee", func(t *testing.T) { newHome(t, remapped, lab.RemappedID).rotation(4) })
	t.Run("Generated_IsKnownToTheNodeAloneAndRotatesWithItsKeepers", func(t *testing.T) { newHome(t, plain, 0).generated() })
	t.Run("ChangedByHand_IsWrittenAgain", func(t *testing.T) { newHome(t, remapped, lab.RemappedID).drift() })
	t.Run("InUse_IsNotDestroyed", func(t *testing.T) { newHome(t, plain, 0).destroy() })
	t.Run("Destroyed_GeneratedValueIsKeptForTheNextOne", func(t *testing.T) { newHome(t, plain, 0).kept() })
	t.Run("Imported_IsTakenOverAsItIs", func(t *testing.T) { newHome(t, plain, 0).imported() })
	t.Run("CreateKilled_NextApplyFinishesIt", func(t *testing.T) { newHome(t, plain, 0).killed() })
	t.Run("RotationFails_TheOldVersionServesOn", func(t *testing.T) { newHome(t, plain, 0).rollback() })
	t.Run("Unknown_PlansWhatIsKnown", func(t *testing.T) { newHome(t, plain, 0).unknowns() })
}

// services is a stack of that many services, of which every sixteenth uses the secret
// by its name, and one more by its mount.
func services(count int) string {
	var b strings.Builder
	b.WriteString("services:\n")
	for i := range count - 1 {
		fmt.Fprintf(&b, "  s%02d:\n    image: homelab.test/app:1\n    network_mode: none\n", i)
		if i%16 == 1 {
			b.WriteString("    user: \"1000:100\"\n    secrets: [{source: token, target: api}]\n")
		}
	}
	b.WriteString("  mounts:\n    image: homelab.test/app:1\n    network_mode: none\n    user: \"1000:100\"\n    volumes: [\"${MOUNT}\"]\n")
	b.WriteString("secrets:\n  token: {external: true, name: NAME}\n")
	return b.String()
}

const used = `
resource "homelab_secret" "this" {
  name  = "NAME"
  value = var.token
  uid   = 1000
  gid   = 100
  mode  = "0440"
}

resource "homelab_stack" "this" {
  name      = "NAME"
  compose   = file("compose.yaml")
  variables = { MOUNT = homelab_secret.this.mount }
}
`

func (h *home) rotation(count int) {
	first, second := "first-"+h.name, "second-"+h.name
	h.given["token"] = first
	h.Write(h.T, "compose.yaml", strings.ReplaceAll(services(count), "NAME", h.name))
	h.configure(used)
	h.applies(`+ version = "1"`, `"secrets./run/secrets/api" = "secret (version 1)"`)
	h.requireNoChange()
	before := h.containers()
	h.requireVersions("v1")
	h.requireSeen(before["s01"], "api", first)
	h.requireSeen(before["mounts"], h.name, first)
	h.requireOwner(h.file(1), 1000, 100, 0o440)

	h.given["token"] = second
	plan := h.plan(2)
	h.requireSays(plan, `~ version = "1" -> "2"`, `+ rotated = "to version 2: the value changed"`,
		`~ "secrets./run/secrets/api" = "secret (version 1)" -> "secret (version 2)"`, "Plan: 0 to add, 2 to change, 0 to destroy.")
	users := []string{"mounts"}
	for i := 1; i < count-1; i += 16 {
		users = append(users, fmt.Sprintf("s%02d", i))
	}
	for _, service := range users {
		h.requireSays(plan, `~ "`+service+`" = {`)
	}
	h.terraform([]string{"apply", "-no-color", "next"})
	h.requireNoChange()
	h.requireVersions("v2")
	after := h.containers()
	for service, id := range before {
		if again := after[service] != id; again != slices.Contains(users, service) {
			h.Errorf("service %s was recreated: %t", service, again)
		}
	}
	h.requireSeen(after["s01"], "api", second)
	h.requireSeen(after["mounts"], h.name, second)
	h.requireOwner(h.file(2), 1000, 100, 0o440)
	h.requireNowhere(first)
}

// requireSeen looks at a secret from inside a container.
func (h *home) requireSeen(id, target, value string) {
	h.Helper()
	if got := h.ask(id, "/file?path=/run/secrets/"+target); got != value {
		h.Fatalf("the container reads %q", got)
	}
	if got := h.ask(id, "/stat?path=/run/secrets/"+target); got != "1000:100 0440" {
		h.Fatalf("the container sees %q", got)
	}
}

// requireFile looks at a secret's owner and mode from inside a service's container.
func (h *home) requireFile(service, target, want string) {
	h.Helper()
	if got := h.ask(h.containers()[service], "/stat?path=/run/secrets/"+target); got != want {
		h.Fatalf("the container sees %q, not %q", got, want)
	}
}
