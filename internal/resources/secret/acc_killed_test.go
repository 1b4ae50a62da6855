package secret_test

import (
	"regexp"
	"strings"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
)

const made = `
resource "homelab_secret" "this" {
  name            = "NAME"
  generate        = { length = 24, upper = false }
  keep_on_destroy = false
}
`

// killed kills Terraform and the provider in the middle of a create. Nobody knows
// the value that was generated, and nobody was told that there is one: the next
// apply makes the secret, with another value and its user. Only where all was done
// before, so that it may be anybody's, is it to be imported.
func (h *home) killed() {
	for _, at := range []acctest.Point{
		{Method: "PUT", Path: `/archive\?`},
		{Method: "DELETE", Path: `/containers/[0-9a-f]{64}\?`, Nth: 2},
	} {
		h.cutOff(at)
		h.configure(made + one)
		h.applies(`+ version = "1"`, "Plan: 2 to add")
		h.requireNoChange()
		h.requireVersions("v1")
		h.requireNoNotes()
		if got := h.value("uses", "token"); !regexp.MustCompile(`^[a-z0-9]{24}$`).MatchString(got) {
			h.Fatalf("killed at %v, then the container reads %q", at, got)
		}
		h.terraform([]string{"destroy", "-no-color", "-auto-approve"})
	}
	h.cutOff(acctest.Point{Method: "DELETE", Path: `/containers/[0-9a-f]{64}\?`, Nth: 2, After: true})
	h.configure(made + one)
	h.requireSays(h.terraform([]string{"apply", "-no-color", "-auto-approve"}, 1).Stderr, "exists on the node already", "terraform import ADDRESS local/"+h.name)
	value := h.content("homelab_secret_" + h.name + "_v1")
	h.terraform([]string{"import", "-no-color", "homelab_secret.this", "local/" + h.name})
	h.applies("Plan: 1 to add")
	h.requireNoChange()
	if got := h.value("uses", "token"); got != value {
		h.Errorf("the node had %q, and the container reads %q", value, got)
	}
}

// cutOff kills an apply of the secret alone at a point, and leaves no state of it.
func (h *home) cutOff(at acctest.Point) {
	h.Helper()
	gate := acctest.Hold(h.T, h.node.Host, at)
	h.host = gate.Host
	h.configure(made)
	h.host = h.node.Host
	apply := h.Start(h.T, "apply", "-no-color", "-auto-approve")
	select {
	case <-gate.Reached:
	case <-apply.Done():
		r := apply.Wait(h.T)
		h.Fatalf("the apply ended, with code %d, before it got to %v:\n%s%s", r.Code, at, r.Stdout, r.Stderr)
	}
	apply.Kill()
	gate.Open()
	apply.Wait(h.T)
	if state := h.terraform([]string{"state", "list"}, 0, 1).Stdout; strings.Contains(state, "homelab_secret") {
		h.Fatalf("the state has %q", state)
	}
}

// requireNoNotes requires that nothing is left of how secrets were written.
func (h *home) requireNoNotes() {
	h.Helper()
	list, err := h.engine.ContainerList(h.Context(), container.ListOptions{All: true, Filters: filters.NewArgs(filters.Arg("label", "io.homelab.scratch"))})
	h.must(err)
	for _, c := range list {
		h.Errorf("%v is left: %v", c.Names, c.Labels)
	}
}
