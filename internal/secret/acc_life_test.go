package secret_test

import (
	"fmt"
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
	for _, node := range []struct {
		name string
		root int
	}{{"Plain", 0}, {"Remapped", lab.RemappedID}} {
		at := func(t *testing.T) *home { return newHome(t, l.Nodes[min(node.root, 1)], node.root) }
		t.Run("Rotated_"+node.name+"_ThreeOfTwentyAreMadeAgainAndNothingIsLeft", func(t *testing.T) { at(t).rotation() })
	}
}

// twenty is a stack of twenty services, of which three use the secret.
func twenty() string {
	var b strings.Builder
	b.WriteString("services:\n")
	for i := range 20 {
		fmt.Fprintf(&b, "  s%02d:\n    image: homelab.test/app:1\n    network_mode: none\n", i)
		if i%8 == 3 {
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

func (h *home) rotation() {
	first, second := "first-"+h.name, "second-"+h.name
	h.given["token"] = first
	h.Write(h.T, "compose.yaml", strings.ReplaceAll(twenty(), "NAME", h.name))
	h.configure(used)
	h.requireSays(h.plan(2), `+ version = "1"`, `"secrets./run/secrets/api" = "secret (version 1)"`)
	h.terraform([]string{"apply", "-no-color", "next"})
	h.requireNoChange()
	before := h.containers()
	h.requireVersions("v1")
	h.requireSeen(before["s03"], "api", first)
	h.requireSeen(before["mounts"], h.name, first)
	h.requireOwner(h.file(1), 1000, 100, 0o440)

	h.given["token"] = second
	plan := h.plan(2)
	h.requireSays(plan, `~ version = "1" -> "2"`, `+ rotated = "to version 2: the value changed"`,
		`~ "secrets./run/secrets/api" = "secret (version 1)" -> "secret (version 2)"`, "Plan: 0 to add, 2 to change, 0 to destroy.")
	for _, service := range []string{"s03", "s11", "s19", "mounts"} {
		h.requireSays(plan, `~ "`+service+`" = {`)
	}
	h.terraform([]string{"apply", "-no-color", "next"})
	h.requireNoChange()
	h.requireVersions("v2")
	after := h.containers()
	for service, id := range before {
		uses := service == "s03" || service == "s11" || service == "s19" || service == "mounts"
		if again := after[service] != id; again != uses {
			h.Errorf("service %s was made again: %t", service, again)
		}
	}
	h.requireSeen(after["s03"], "api", second)
	h.requireSeen(after["mounts"], h.name, second)
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
