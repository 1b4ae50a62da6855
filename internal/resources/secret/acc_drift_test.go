package secret_test

import (
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/docker/docker/api/types/container"
)

// one is a stack with one service that uses the secret, and one that does not.
const one = `
resource "homelab_stack" "this" {
  name    = "NAME"
  compose = yamlencode({
    services = {
      uses  = { image = "homelab.test/app:1", network_mode = "none", secrets = ["token"] }
      other = { image = "homelab.test/app:1", network_mode = "none" }
    }
    secrets = { token = { external = true, name = homelab_secret.this.name } }
  })
}
`

func (h *home) value(service, target string) string {
	h.Helper()
	return h.ask(h.containers()[service], "/file?path=/run/secrets/"+target)
}

func (h *home) generated() {
	text := `
resource "homelab_secret" "this" {
  name     = "NAME"
  generate = { length = 24, upper = false, special = true, min_digits = 3, min_special = 1, exclude = "0o" }
  keepers  = { year = "2026" }
}
` + one
	h.configure(text)
	h.applies(`+ version = "1"`)
	h.requireNoChange()
	h.requireFile("uses", "token", "0:0 0400") // unless it is said otherwise
	first := h.value("uses", "token")
	if len(first) != 24 || regexp.MustCompile(`[A-Z0o]`).MatchString(first) || len(regexp.MustCompile(`[0-9]`).FindAllString(first, -1)) < 3 {
		h.Fatalf("the value is %q", first)
	}

	h.configure(strings.Replace(text, "2026", "2027", 1))
	h.applies(`+ rotated = "to version 2: keepers changed (year)"`, `"secret (version 1)" -> "secret (version 2)"`)
	h.requireNoChange()
	second := h.value("uses", "token")
	if second == first || len(second) != 24 {
		h.Fatalf("after %q came %q", first, second)
	}
	h.requireNowhere(first)

	// Another mode is another version with the same value.
	h.configure(strings.Replace(strings.Replace(text, "2026", "2027", 1), "keepers ", "mode = \"0444\"\n  keepers ", 1))
	h.applies(`-> "to version 3: the owner or mode changed"`)
	h.requireNoChange()
	if third := h.value("uses", "token"); third != second {
		h.Fatalf("after %q came %q", second, third)
	}
	h.requireVersions("v3")
}

func (h *home) drift() {
	h.given["token"] = "value-" + h.name
	h.configure(`
resource "homelab_secret" "this" {
  name  = "NAME"
  value = var.token
}
` + one)
	h.apply()
	h.requireNoChange()
	for _, change := range []struct {
		act    func(file string)
		reason string
	}{
		{func(file string) { h.must(os.WriteFile(file, []byte("changed by hand"), 0o400)) }, "the file was edited on the node"},
		{func(file string) { h.must(os.Remove(file)) }, "the file was removed on the node"},
		{func(file string) { h.must(os.Chown(file, h.root+7, h.root+8)); h.must(os.Chmod(file, 0o644)) }, "the owner or mode was changed on the node"},
	} {
		versions := h.versions()
		h.must2(len(versions) == 1, "versions %q", versions)
		file := h.fileOf(versions[0])
		change.act(file)
		h.applies(change.reason, `~ "uses" = {`)
		h.requireNoChange()
		h.requireOwner(h.fileOf(h.versions()[0]), 0, 0, 0o400)
		h.requireFile("uses", "token", "0:0 0400")
		if got := h.value("uses", "token"); got != h.given["token"] {
			h.Fatalf("after %s the container reads %q", change.reason, got)
		}
	}
	// What was only touched is as it was.
	file := h.fileOf(h.versions()[0])
	h.must(os.Chtimes(file, time.Now(), time.Now()))
	h.requireNoChange()

	// Without its volume the secret is gone, and is recreated with its user.
	for _, c := range h.containers() {
		h.must(h.engine.ContainerRemove(h.Context(), c, container.RemoveOptions{Force: true}))
	}
	h.must(h.engine.ContainerRemove(h.Context(), "homelab-secret-"+h.name, container.RemoveOptions{Force: true}))
	h.requireSays(h.plan(2), "~ watched = false -> true", "Plan: 1 to add, 1 to change")
	h.must(h.engine.VolumeRemove(h.Context(), "homelab_secret_"+h.name+"_"+h.versions()[0], false))
	h.applies("homelab_secret.this will be created", "Plan: 2 to add, 0 to change")
	h.requireNoChange()
	h.requireVersions("v1")
}

func (h *home) destroy() {
	h.given["token"] = "value-" + h.name
	secret := `
resource "homelab_secret" "this" {
  name  = "NAME"
  value = var.token
}
`
	h.configure(secret + one)
	h.apply()
	id := h.runs("hand-"+h.name, h.file(1)+":/run/secrets/x:ro")
	h.requireSays(h.terraform([]string{"destroy", "-no-color", "-auto-approve"}, 1).Stderr, "Secret is in use", "is used by container hand-"+h.name)
	h.requireVersions("v1")

	// Another provider's container holds the old version until it is gone; the next
	// plan then says that the version goes.
	h.given["token"] = "other-" + h.name
	h.apply()
	h.requireVersions("v1", "v2")
	h.requireNoChange()
	h.must(h.engine.ContainerRemove(h.Context(), id, container.RemoveOptions{Force: true}))
	h.applies(`- "homelab_secret_` + h.name + `_v1"`)
	h.requireNoChange()
	h.requireVersions("v2")

	h.terraform([]string{"destroy", "-no-color", "-auto-approve"})
	h.requireVersions()
	h.requireNowhere(h.given["token"])
	if _, err := h.engine.ContainerInspect(h.Context(), "homelab-secret-"+h.name); err == nil {
		h.Error("the window is still there")
	}
}

// runs starts a container of no stack, which ends with the test.
func (h *home) runs(name, bind string) string {
	h.Helper()
	bind = strings.TrimPrefix(bind, h.node.Root)
	c, err := h.engine.ContainerCreate(h.Context(), &container.Config{Image: "homelab.test/app:1"}, &container.HostConfig{Binds: []string{bind}, NetworkMode: "none"}, nil, nil, name)
	h.must(err)
	h.must(h.engine.ContainerStart(h.Context(), c.ID, container.StartOptions{}))
	return c.ID
}

func (h *home) imported() {
	h.given["token"] = "value-" + h.name
	secret := `
resource "homelab_secret" "this" {
  name  = "NAME"
  value = var.token
  uid   = 5
}

resource "homelab_secret" "made" {
  name     = "NAME-made"
  generate = {}
  keepers  = { a = "b" }
}
`
	h.configure(secret)
	h.apply()
	made := h.content("homelab_secret_" + h.name + "-made_v1")
	h.must(os.Remove(h.Dir + "/terraform.tfstate"))
	h.requireSays(h.terraform([]string{"apply", "-no-color", "-auto-approve"}, 1).Stderr, "exists on the node already", "terraform import ADDRESS local/"+h.name+"-made")
	// The same value may be another configuration's all the same, which would lose it.
	h.requireSays(h.terraform([]string{"apply", "-no-color", "-auto-approve", "-target=homelab_secret.this"}, 1).Stderr, "exists on the node already")
	h.requireVersions("v1")
	h.configure(secret + `
import {
  to = homelab_secret.this
  id = "local/NAME"
}
import {
  to = homelab_secret.made
  id = "local/NAME-made"
}
`)
	h.applies("Plan: 2 to import, 0 to add")
	h.requireNoChange()
	h.requireVersions("v1")
	if now := h.content("homelab_secret_" + h.name + "-made_v1"); now != made {
		h.Errorf("the generated value was %q and is %q", made, now)
	}
}

// content is what a volume's file holds.
func (h *home) content(volume string) string {
	h.Helper()
	v, err := h.engine.VolumeInspect(h.Context(), volume)
	h.must(err)
	content, err := os.ReadFile(h.node.Root + v.Mountpoint + "/content")
	h.must(err)
	return string(content)
}

func (h *home) rollback() {
	h.given["token"] = "no-" + h.name
	text := `
resource "homelab_secret" "this" {
  name  = "NAME"
  value = var.token
}

resource "homelab_stack" "this" {
  name    = "NAME"
  compose = yamlencode({
    services = { uses = { image = "homelab.test/app:1", network_mode = "none", secrets = ["token"], command = ["serve", "-broken", "/run/secrets/token"] } }
    secrets  = { token = { external = true, name = homelab_secret.this.name } }
  })
}
`
	h.configure(text)
	h.apply()
	before := h.containers()["uses"]
	h.given["token"] = "yes-" + h.name // which the program does not bear
	h.requireSays(h.terraform([]string{"apply", "-no-color", "-auto-approve"}, 1).Stderr, "The change was rolled back")
	h.requireVersions("v1", "v2")
	if now := h.containers()["uses"]; now != before || h.value("uses", "token") != "no-"+h.name {
		h.Errorf("the container was %s and is %s", before, now)
	}
	h.requireSays(h.plan(2), "0 to add, 1 to change", `"secret (version 1)" -> "secret (version 2)"`)
	h.given["token"] = "no-again-" + h.name
	h.apply()
	h.requireNoChange()
	h.requireVersions("v3")
	h.requireNowhere("yes-" + h.name)
}

// unknowns plans a secret of which the owner, and then the value, is known only at
// apply, as the value is on a machine without the key.
func (h *home) unknowns() {
	text := `
resource "terraform_data" "known_later" {
  triggers_replace = "TRIGGER"
  input            = { uid = 7, value = "VALUE-NAME" }
}

resource "homelab_secret" "this" {
  name  = "NAME"
  value = terraform_data.known_later.output.value
  uid   = UID
}
` + strings.Replace(one, `secrets = ["token"]`, `user = "7", secrets = [{ source = "token", uid = "7" }]`, 1)
	with := func(trigger, value, uid string) {
		h.configure(strings.NewReplacer("TRIGGER", trigger, "VALUE", value, "UID", uid).Replace(text))
	}
	with("a", "first", "terraform_data.known_later.output.uid")
	plan := h.plan(2)
	h.requireSays(plan, "+ version = (known after apply)")
	if strings.Contains(plan, "Stack may not do what is expected") {
		h.Errorf("the run makes the secret:\n%s", plan)
	}
	h.terraform([]string{"apply", "-no-color", "next"})
	h.requireNoChange()
	before := h.containers()

	with("b", "first", "7")
	h.applies(`~ version = "1" -> (known after apply)`, `~ "secrets./run/secrets/token" = "secret (version 1)" -> (known after apply)`)
	if h.containers()["uses"] != before["uses"] {
		h.Error("the value was the same, and the service was recreated")
	}
	h.requireVersions("v1")
	with("c", "second", "7")
	h.applies(`-> (known after apply)`)
	h.requireNoChange()
	h.requireVersions("v2")
	if now := h.containers(); now["uses"] == before["uses"] || now["other"] != before["other"] || h.value("uses", "token") != "second-"+h.name {
		h.Errorf("the containers were %v and are %v", before, now)
	}

	// A version that is counted by hand rotates what is not known, and what is the same.
	before = h.containers()
	text = strings.Replace(text, "  uid   = UID\n", "  uid   = UID\n  value_version = \"2\"\n", 1)
	with("d", "second", "7")
	h.applies(`~ rotated = "to version 2: the value changed" -> (known after apply)`, `~ version = "2" -> "3"`, `"secret (version 2)" -> "secret (version 3)"`)
	h.requireNoChange()
	h.requireVersions("v3")
	if now := h.containers(); now["uses"] == before["uses"] || now["other"] != before["other"] || h.value("uses", "token") != "second-"+h.name {
		h.Errorf("the containers were %v and are %v", before, now)
	}

	with("c", "second", "8")
	h.requireSays(h.terraform([]string{"plan", "-no-color"}, 1).Stderr, "has uid 8, not 7", "Set that on the homelab_secret")
}
