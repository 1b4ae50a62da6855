package stack_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
)

// threeServices have two images between them, a network and a volume.
const threeServices = `
services:
  web:
    image: homelab.test/app:1
    environment: {COLOR: red, SIZE: small}
    networks: [front]
  api:
    image: homelab.test/app:1
    networks: [front]
    volumes: [data:/data]
  job:
    image: homelab.test/app:2
    networks: [front]
networks:
  front: {}
volumes:
  data: {}
`

// The kinds of reads that a plan may send.
var (
	listCall      = regexp.MustCompile(`^/v[0-9.]+/(containers/json|networks|volumes)$`)
	containerCall = regexp.MustCompile(`^/v[0-9.]+/containers/[0-9a-f]{64}/json$`)
	imageCall     = regexp.MustCompile(`^/v[0-9.]+/images/.+/json$`)
)

// countReads sorts requests by kind; other are those of no kind, without the ping
// that negotiates the API version.
func countReads(requests []acctest.Request) (lists, containers, images int, other []string) {
	for _, r := range requests {
		switch {
		case listCall.MatchString(r.Path):
			lists++
		case containerCall.MatchString(r.Path):
			containers++
		case imageCall.MatchString(r.Path):
			images++
		case r.Path != "/_ping":
			other = append(other, r.String())
		}
	}
	return lists, containers, images, other
}

// latency is how slow the engine is made to look where rounds of calls are
// counted: longer than what is sent at once takes to be sent.
const latency = 200 * time.Millisecond

func TestAccStack_Unchanged_PlansNothingWithFewReads(t *testing.T) {
	b := newBench(t)
	recorder := b.record()
	recorder.Latency = latency
	few := acctest.PlanCheck(func(*tfjson.Plan) error {
		requests, rounds := recorder.Take(), recorder.TakeRounds()
		lists, containers, images, other := countReads(requests)
		if lists > 3 || containers > 3 || images > 0 || rounds > 3 || len(other) > 0 || len(acctest.Writes(requests)) > 0 {
			return fmt.Errorf("a plan of 3 containers with 2 images sent %d lists, %d container and %d image inspections and %v in %d rounds: %v",
				lists, containers, images, other, rounds, requests)
		}
		if lists == 0 || containers != 3 || rounds == 0 {
			return fmt.Errorf("recorded %v: the check proves nothing", requests)
		}
		return nil
	})
	forget := acctest.PlanCheck(func(*tfjson.Plan) error { recorder.Take(); recorder.TakeRounds(); return nil })
	step := unchanged(b.config(threeServices))
	step.ConfigPlanChecks.PostApplyPreRefresh = []plancheck.PlanCheck{plancheck.ExpectEmptyPlan(), forget}
	step.ConfigPlanChecks.PostApplyPostRefresh = []plancheck.PlanCheck{plancheck.ExpectEmptyPlan(), few}
	b.test(b.step(b.config(threeServices)), step)
}

func TestAccStack_AnyPlan_OnlyReads(t *testing.T) {
	b := newBench(t)
	recorder := b.record()
	dir := t.TempDir()
	writeFiles(t, dir, map[string]string{"Dockerfile": "FROM homelab.test/app:1\n", "page": "one"})
	compose := func(web, rest string) string {
		return fmt.Sprintf("services:\n  web:\n    image: homelab.test/app:1\n    environment: {COLOR: %s}\n"+
			"  made:\n    build: .\n%s", web, rest)
	}
	directory := fmt.Sprintf("project_directory = %q", dir)
	config := func(web, rest string) string { return b.config(compose(web, rest), directory) }
	plain := config("red", "")
	only := acctest.ExpectOnlyReads(recorder)
	plans := func(config string, byHand func()) resource.TestStep {
		step := planOnly(config, only)
		step.PreConfig = func() {
			if byHand != nil {
				byHand()
			}
			recorder.Take()
		}
		return step
	}
	b.test(
		b.step(plain),
		plans(config("blue", ""), nil),
		plans(config("red", "  new:\n    image: homelab.test/app:2\n"), nil),
		plans(b.config("services:\n  web:\n    image: homelab.test/app:1\n", directory), nil),
		plans(config("red", "networks:\n  default:\n    internal: true\n"), nil),
		plans(plain, func() { writeFiles(t, dir, map[string]string{"page": "two"}) }),
		plans(plain, func() {
			writeFiles(t, dir, map[string]string{"page": "one"})
			for _, c := range b.containers() {
				b.must(b.engine.ContainerRemove(t.Context(), c.ID, container.RemoveOptions{Force: true}))
			}
		}),
	)
}

func TestAccStack_OneEnvironmentKeyChanged_RecreatesOnlyThatContainer(t *testing.T) {
	b := newBench(t)
	w := &witness{b: b}
	changed := regexp.MustCompile("COLOR: red").ReplaceAllString(threeServices, "COLOR: blue")
	b.test(
		b.step(b.config(threeServices, showAll), holds(func() error { w.look(); return nil })),
		expecting(b.step(b.config(changed, showAll), w.onlyTouched("web/1")),
			plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate),
			acctest.ExpectDifferences(address, "compose", `services.web.spec.environment.COLOR: "red" -> "blue"`)),
	)
}

func TestAccStack_SameMeaningWrittenOtherwise_PlansNothing(t *testing.T) {
	b := newBench(t)
	const short = `
services:
  web:
    image: homelab.test/app:1
    environment: {COLOR: red, SIZE: small}
    ports: ["8080:80"]
    command: [serve]
  api: {image: "homelab.test/app:1", depends_on: [web]}
`
	const long = `
# The same, in other words.
services:
    api:
        depends_on:
            web: {condition: service_started}
        image: homelab.test/app:1
    web:
        command:
            - "serve"
        ports:
            - target: 80
              published: "8080"
              protocol: tcp
              mode: ingress
        environment:
            - SIZE=small
            - COLOR=red
        image: 'homelab.test/app:1'
`
	w := &witness{b: b}
	b.test(
		b.step(b.config(short), holds(func() error { w.look(); return nil })),
		unchanged(b.config(long)),
		expecting(b.step(b.config(short+"\n# a comment\n"), w.onlyTouched()), plancheck.ExpectEmptyPlan()),
	)
}

// writeFiles writes files by relative path, making their directories.
func writeFiles(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
