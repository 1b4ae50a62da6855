package secret_test

import "strings"

// kept destroys a generated secret with the stack whose data it opens, and makes both
// again: the value is the same. What the plan of each step says is what happens.
func (h *home) kept() {
	made := `
resource "homelab_secret" "this" {
  name     = "NAME"
  generate = { length = 24 }
  keepers  = { year = "2026" }
}
` + one
	h.configure(made)
	h.apply()
	h.configure(strings.Replace(made, "2026", "2027", 1)) // so that it is not the first version that is kept
	h.apply()
	first := h.value("uses", "token")
	h.requireSays(h.terraform([]string{"destroy", "-no-color", "-auto-approve"}).Stdout, "Value of secret stays on node",
		"stays on node \"local\", in the volume homelab_secret_"+h.name+"_v2")
	h.requireVersions("v2")
	h.requireNoNotes()

	// A stack of the same name takes its value up, as another mode asks for.
	made = strings.Replace(made, "keepers ", "mode = \"0444\"\n  keepers ", 1)
	h.configure(made)
	h.applies(`+ rotated = "uses the kept value"`, `+ version = "3"`)
	h.requireNoChange()
	h.requireSame(first)
	h.requireVersions("v3")

	// So does a create that another resource's destroy makes room for, and -replace.
	h.terraform([]string{"destroy", "-no-color", "-auto-approve"})
	made = strings.ReplaceAll(made, "homelab_secret\" \"this", "homelab_secret\" \"renamed")
	made = strings.ReplaceAll(made, "homelab_secret.this", "homelab_secret.renamed")
	h.configure(made)
	h.applies(`+ rotated = "uses the kept value"`, `+ version = "3"`)
	h.requireNoChange()
	h.requireSame(first)
	h.requireSays(h.terraform([]string{"apply", "-no-color", "-auto-approve", "-replace=homelab_secret.renamed", "-replace=homelab_stack.this"}).Stdout,
		"homelab_secret.renamed will be replaced", "2 added, 0 changed, 2 destroyed")
	h.requireNoChange()
	h.requireSame(first)

	// A value of another shape is another value, and the plan says what that means.
	h.terraform([]string{"destroy", "-no-color", "-auto-approve"})
	made = strings.Replace(made, "length = 24", "length = 30", 1)
	h.configure(made)
	h.applies("Kept value of secret is given up", `"to version 4: the kept value does not match generate"`)
	h.requireNoChange()
	h.requireVersions("v4")
	h.requireNowhere(first)

	// What is not kept is gone, and nothing of it is left.
	second := h.value("uses", "token")
	h.configure(strings.Replace(made, "generate ", "keep_on_destroy = false\n  generate ", 1))
	h.applies("+ keep_on_destroy = false", "0 to add, 1 to change")
	h.requireNoChange()
	h.requireSame(second)
	h.requireSays(h.terraform([]string{"destroy", "-no-color", "-auto-approve"}).Stdout, "Generated value of secret is removed", "data that was made with it")
	h.requireVersions()
	h.requireNowhere(second)
	if _, err := h.engine.ContainerInspect(h.Context(), "homelab-secret-"+h.name); err == nil {
		h.Error("the window is still there")
	}
}

func (h *home) requireSame(value string) {
	h.Helper()
	if now := h.value("uses", "token"); now != value {
		h.Fatalf("the value was %q and is %q", value, now)
	}
}
