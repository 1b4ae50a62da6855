package stack_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/client"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/labtest"
)

// sharedCompose has every way in which one service refers to the container of
// another, which Docker Compose hashes as that container's ID.
const sharedCompose = `
services:
  db:
    image: homelab.test/app:1
    environment: {LEVEL: one}
    ipc: shareable
    networks: {back: {aliases: [database], priority: 5}, default: {}}
    volumes: [data:/data, /anonymous]
    configs: [{source: site, target: /etc/site.conf}]
  inside: {image: homelab.test/app:1, network_mode: "service:db", ipc: "service:db", command: [sleep]}
  watcher: {image: homelab.test/app:1, pid: "service:db", command: [sleep], networks: [back]}
  backup: {image: homelab.test/app:1, volumes_from: [db], volumes: [more:/more], command: [sleep]}
  deeper: {image: homelab.test/app:1, volumes_from: [backup], network_mode: none, command: [sleep]}
  workers:
    image: homelab.test/app:1
    command: [sleep]
    scale: 2
    depends_on: {db: {condition: service_started, restart: true}}
    env_file: values.env
    deploy: {resources: {limits: {memory: 64m}}, labels: {a: b}}
    pull_policy: missing
networks: {back: {internal: true, ipam: {config: [{subnet: "10.213.%[1]d.0/24"}]}, labels: {tier: back}}}
volumes: {data: {labels: [keep=yes]}, more: }
configs: {site: {file: ./site.conf}}
`

func TestAccStack_ComposeHash_DockerComposeRecreatesNothing(t *testing.T) {
	t.Parallel()
	s := newShared(t, 11)
	s.cli.Apply(t)
	made := s.everything(t)
	requireEqual(t, "number of containers", len(identities(t, s.engine, s.name)), 7)
	s.compose.run(t, "-p", s.name, "up", "--detach")
	requireEqual(t, "after docker compose up", s.everything(t), made)
	s.cli.RequireEmptyPlan(t)

	s.write(t, "LEVEL: two")
	s.cli.Apply(t)
	changed := s.everything(t)
	for name := range made {
		if recreated := changed[name] != made[name]; recreated != sharesDB(name) {
			t.Errorf("%s recreated: %t", name, recreated)
		}
	}
	s.compose.run(t, "-p", s.name, "up", "--detach")
	requireEqual(t, "after a change and docker compose up", s.everything(t), changed)
	s.cli.RequireEmptyPlan(t)
}

func TestAccStack_MadeByDockerCompose_SharedContainersAreTakenOverAndStayTheSame(t *testing.T) {
	t.Parallel()
	s := newShared(t, 12)
	s.compose.run(t, "-p", s.name, "up", "--detach")
	made := s.everything(t)
	s.cli.Write(t, "import.tf", fmt.Sprintf("import {\n  to = homelab_stack.this\n  id = \"local/%s\"\n}\n", s.name))
	s.cli.Must(t, []string{"plan", "-no-color", "-out=import"})
	requireUnchanged(t, s.cli, "import", "services", "networks", "volumes")
	s.cli.Must(t, []string{"apply", "-no-color", "import"})
	s.cli.RequireEmptyPlan(t)
	requireEqual(t, "after the import", s.everything(t), made)

	s.write(t, "LEVEL: two")
	s.compose.run(t, "-p", s.name, "up", "--detach") // by the other tool this time
	changed := s.everything(t)
	s.cli.Apply(t)
	s.cli.RequireEmptyPlan(t)
	requireEqual(t, "after docker compose up and apply", s.everything(t), changed)
}

// sharesDB returns the containers that a change of db recreates, and what holds
// on to them in turn.
func sharesDB(name string) bool {
	for _, service := range []string{"-db-", "-inside-", "-watcher-", "-backup-", "-deeper-"} {
		if strings.Contains(name, service) {
			return true
		}
	}
	return false
}

type shared struct {
	cli     *acctest.CLI
	compose *compose
	engine  *client.Client
	name    string
	subnet  int
}

func newShared(t *testing.T, subnet int) *shared {
	c := acctest.NewCLI(t)
	s := &shared{cli: c, compose: newCompose(t, c.Dir), engine: labtest.Engine(t), name: acctest.Name(t), subnet: subnet}
	sweepStack(t, s.engine, s.name)
	onNode := &acctest.CLI{Dir: filepath.Join(labtest.Node(t).Root, c.Dir)}
	for _, dir := range []*acctest.CLI{c, onNode} { // Docker Compose binds what homelab delivers
		dir.Write(t, "site.conf", "a file\n")
		dir.Write(t, "values.env", "FROM_FILE=1\n")
	}
	s.write(t, "LEVEL: one")
	c.Write(t, "main.tf", acctest.Provider(labtest.Host(t))+fmt.Sprintf(`
resource "homelab_stack" "this" {
  name              = %q
  compose           = file("compose.yaml")
  project_directory = path.module
}
`, s.name))
	return s
}

func (s *shared) write(t *testing.T, level string) {
	s.cli.Write(t, "compose.yaml", fmt.Sprintf(strings.Replace(sharedCompose, "LEVEL: one", level, 1), s.subnet))
}

// everything has the identities of the stack's containers and networks.
func (s *shared) everything(t *testing.T) map[string]string {
	t.Helper()
	ids := identities(t, s.engine, s.name)
	for _, key := range []string{"default", "back"} {
		n, err := s.engine.NetworkInspect(t.Context(), s.name+"_"+key, network.InspectOptions{})
		if err != nil {
			t.Fatal(err)
		}
		ids["network "+key] = n.ID
	}
	return ids
}
