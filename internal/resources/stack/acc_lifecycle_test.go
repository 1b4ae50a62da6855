package stack_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/hashicorp/terraform-plugin-testing/compare"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/labtest"
)

func TestAccStack_CreateUpdateImportDestroy(t *testing.T) {
	b := newBench(t)
	at := func(path ...string) tfjsonpath.Path {
		p := tfjsonpath.New(path[0])
		for _, key := range path[1:] {
			p = p.AtMapKey(key)
		}
		return p
	}
	sameID := statecheck.CompareValue(compare.ValuesSame())
	otherDigest := statecheck.CompareValue(compare.ValuesDiffer())
	following := func() []statecheck.StateCheck {
		return []statecheck.StateCheck{
			sameID.AddStateValue(address, at("id")), otherDigest.AddStateValue(address, at("services", "web", "digest")),
			statecheck.ExpectKnownValue(address, at("services", "web", "state"), knownvalue.StringExact("running")),
		}
	}
	created := b.step(b.config(threeServices, showAll))
	created.ConfigStateChecks = append(following(),
		statecheck.ExpectKnownValue(address, at("id"), knownvalue.StringExact("local/"+b.name)),
		statecheck.ExpectKnownValue(address, at("pull"), knownvalue.StringExact("missing")),
		statecheck.ExpectKnownValue(address, at("remove_volumes"), knownvalue.Bool(false)),
		statecheck.ExpectKnownValue(address, at("rollback"), knownvalue.Bool(true)),
		statecheck.ExpectKnownValue(address, at("services", "web", "image"), knownvalue.StringExact("homelab.test/app:1")),
		statecheck.ExpectKnownValue(address, at("services", "web", "replicas"), knownvalue.Int64Exact(1)),
		statecheck.ExpectKnownValue(address, at("services", "web", "spec", "environment.COLOR"), knownvalue.StringExact("red")),
		statecheck.ExpectKnownValue(address, at("networks", "front", "name"), knownvalue.StringExact(b.name+"_front")),
		statecheck.ExpectKnownValue(address, at("volumes", "data", "name"), knownvalue.StringExact(b.name+"_data")))
	updated := b.step(b.config(strings.Replace(threeServices, "homelab.test/app:1\n    environment", "homelab.test/app:2\n    environment", 1), showAll))
	updated.ConfigStateChecks = following()
	b.test(
		expecting(created, plancheck.ExpectResourceAction(address, plancheck.ResourceActionCreate)),
		unchanged(b.config(threeServices, showAll)),
		expecting(updated, plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate)),
		resource.TestStep{ResourceName: address, ImportState: true, ImportStateId: "local/" + b.name, ImportStateVerify: true,
			ImportStateVerifyIgnore: []string{
				// Only a configuration has them: nothing on the node says how a
				// document was written or how the stack is to be treated.
				"compose", "pull", "rollback", "update_order", "remove_volumes", "show_values",
				// Which fields were asked for is not known until the next apply;
				// until then all that is no default is shown, values of
				// environment variables excepted.
				"services",
			}},
	)
}

func TestAccStack_NameOrNodeChanged_Replaces(t *testing.T) {
	b := newBench(t)
	const compose = "services:\n  web: {image: \"homelab.test/app:1\", command: [sleep], ports: [\"127.0.0.1:21010:8080\"]}\n"
	first := b.name
	config := b.config(compose)
	b.name = first + "-b"
	renamed := b.config(compose)
	twoNodes := strings.Replace(renamed, "nodes = {", fmt.Sprintf("nodes = { other = { host = %q },", labtest.Host(t)), 1)
	moved := strings.Replace(twoNodes, "  name = ", "  node = \"other\"\n  name = ", 1)
	replaced := []plancheck.PlanCheck{plancheck.ExpectResourceAction(address, plancheck.ResourceActionDestroyBeforeCreate)}
	b.test(
		b.step(config, holds(func() error { return b.only(first, first+"-web-1") })),
		expecting(b.step(renamed, holds(func() error { return b.only(first, first+"-b-web-1") })), replaced...),
		expecting(b.step(moved, holds(func() error { return b.only(first, first+"-b-web-1") })), replaced...),
	)
}

// only reports that just one container is there whose name begins as the test's.
func (b *bench) only(prefix, name string) error {
	list, err := b.engine.ContainerList(b.Context(), container.ListOptions{All: true})
	if err != nil {
		return err
	}
	var names []string
	for _, c := range list {
		if own := strings.TrimPrefix(c.Names[0], "/"); strings.HasPrefix(own, prefix) {
			names = append(names, own)
		}
	}
	if len(names) != 1 || names[0] != name {
		return fmt.Errorf("there are %v, want %s", names, name)
	}
	return nil
}

func TestAccStack_OptionalAttributeCleared_TakesItsEffectBack(t *testing.T) {
	const compose = `
services:
  web: {image: "homelab.test/app:1", environment: {COLOR: "${COLOR:-none}"}}
  debug: {image: "homelab.test/app:1", command: [sleep], profiles: [debug]}
`
	for name, c := range map[string]struct {
		argument string
		with     []string // what the plan says when the argument is cleared
		touched  []string
	}{
		"variables": {`variables = { COLOR = "red" }`,
			[]string{`variables.COLOR: "red" -> (absent)`, `services.web.spec.environment.COLOR: "red" -> "none"`}, []string{"web/1"}},
		"overrides": {`overrides = ["services: {web: {environment: {SIZE: small}}}"]`,
			[]string{`overrides[0]`, `services.web.spec.environment.SIZE: "small" -> (absent)`}, []string{"web/1"}},
		"timeouts": {`timeouts = { create = "10m", update = "10m" }`,
			[]string{`timeouts.create: "10m" -> (absent)`, `timeouts.update: "10m" -> (absent)`}, nil},
		"rollback":     {`rollback = false`, []string{`rollback: false -> true`}, nil},
		"update_order": {`update_order = "start-first"`, []string{`update_order: "start-first" -> "stop-first"`}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			w := &witness{b: b}
			b.test(
				b.step(b.config(compose, c.argument, showAll), holds(func() error { w.look(); return nil })),
				expecting(b.step(b.config(compose, showAll), w.onlyTouched(c.touched...)),
					plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate), acctest.ExpectDifferences(address, c.with...)),
			)
		})
	}
}
