package network_test

import (
	"bytes"
	"context"
	"net"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/versions"
	"github.com/docker/docker/pkg/stdcopy"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
)

// found is how long containers have to find each other.
const found = 2 * time.Minute

// zones is the module's call for a homelab with five networks, and a stack in each
// zone: an ingress, an application behind it, and its database.
const zones = `
module "zones" {
  source = "MODULE"
  prefix = "NAME-"
  networks = {
    proxy    = { zone = "external", cidr = "172.20.0.0/24" }
    metrics  = { zone = "service", cidr = "172.21.0.0/24" }
    database = { zone = "data", cidr = "172.22.0.0/24" }
    genai    = { zone = "service", cidr = "172.23.0.0/24" }
    auth     = { zone = "service", cidr = "172.24.0.0/24" }
  }
}

locals {
  networks = { for key, network in module.zones.networks : key => { external = true, name = network.name } }
  app      = { image = "homelab.test/app:1", stop_grace_period = "1s" }
}

resource "homelab_stack" "ingress" {
  name    = "NAME-ingress"
  compose = yamlencode({
    services = { traefik = merge(local.app, { networks = ["proxy"], ports = ["127.0.0.1::8080"] }) }
    networks = { proxy = local.networks["proxy"] }
  })
}

resource "homelab_stack" "database" {
  name    = "NAME-database"
  compose = yamlencode({
    services = { postgres = merge(local.app, { networks = ["database"], PORTS }) }
    networks = { database = local.networks["database"] }
  })
}

resource "homelab_stack" "genai" {
  name    = "NAME-genai"
  compose = yamlencode({
    services = { webui = merge(local.app, { networks = ["genai", "database", "proxy"] }) }
    networks = { for key in ["genai", "database", "proxy"] : key => local.networks[key] }
  })
}
`

// TestAccNetwork_Zones_DataIsNotReachedFromOutside applies the module and tries to
// get at the database and out of it; then it publishes a port of the database.
func TestAccNetwork_Zones_DataIsNotReachedFromOutside(t *testing.T) {
	b := newBench(t)
	root, err := acctest.Root()
	b.must(err)
	c := acctest.NewCLI(t)
	write := func(ports string) {
		c.Write(t, "main.tf", acctest.Provider(b.host)+
			strings.NewReplacer("NAME", b.name, "MODULE", filepath.Join(root, "modules", "zones"), "PORTS", ports).Replace(zones))
	}
	write("")
	c.Must(t, []string{"get", "-no-color"})
	c.Apply(t)
	c.RequireEmptyPlan(t)
	if n := b.inspect(b.name + "-database"); !n.Internal || n.Labels["io.homelab.zone"] != "data" || n.IPAM.Config[0].Subnet != "172.22.0.0/24" {
		t.Errorf("the database's network is %+v", n)
	}
	ingress, webui, postgres := b.name+"-ingress-traefik-1", b.name+"-genai-webui-1", b.name+"-database-postgres-1"
	database, front := b.address(postgres, "database"), b.address(ingress, "proxy")
	b.requireReached(webui, database)
	b.requireReached(ingress, b.address(webui, "proxy"))
	b.requireUnreached(ingress, database)
	b.requireUnreached(postgres, front)
	anywhere := regexp.MustCompile(`(?m)^\S+\t00000000\t`) // as its destination
	if route := b.routes(ingress); !anywhere.MatchString(route) {
		t.Errorf("the ingress has no way out, so that the database has none shows nothing:\n%s", route)
	}
	// Older engines let an internal network's containers have a route, and drop what
	// they send on it.
	if route := b.routes(postgres); !versions.LessThan(b.apiVersion(), "1.48") && anywhere.MatchString(route) {
		t.Errorf("the database has a way out:\n%s", route)
	}
	write(`ports = ["5432:5432"]`)
	b.requireOnlyError(c, `Service "postgres" publishes port 5432/tcp and is on network "NAME-database", which is of zone data by homelab_network "NAME-database": `+closedData)
	other := acctest.NewCLI(t)
	other.Write(t, "main.tf", acctest.Provider(b.host)+strings.ReplaceAll(elsewhere, "NAME", b.name))
	b.requireOnlyError(other, `Service "adminer" publishes a port of the engine's choice for 8080/tcp and is on network "NAME-database", which is of zone data by its label on the node: `+closedData)
	write("")
	c.Must(t, []string{"destroy", "-no-color", "-auto-approve"})
}

// closedData ends what is said of a port on a data network.
const closedData = "nothing outside may reach what is on it. Remove the ports, and let what needs the service join that network."

// elsewhere is a stack of another configuration, which knows the network by its name
// only.
const elsewhere = `
resource "homelab_stack" "adminer" {
  name    = "NAME-adminer"
  compose = <<-YAML
    services: { adminer: { image: "homelab.test/app:1", networks: [db], ports: ["8080"] } }
    networks: { db: { external: true, name: NAME-database } }
  YAML
}
`

// requireOnlyError plans and requires one error, word for word; NAME in it is the
// test's name.
func (b *bench) requireOnlyError(c *acctest.CLI, detail string) {
	b.Helper()
	out := c.Must(b, []string{"plan", "-json", "-no-color"}, 1).Stdout
	want := strings.ReplaceAll(strings.ReplaceAll(detail, "NAME", b.name), `"`, `\"`)
	if !strings.Contains(out, `"detail":"`+want+`"`) || strings.Count(out, `"severity":"error"`) != 1 {
		b.Errorf("no error\n%s\nbut\n%s", want, out)
	}
}

// address is a container's server on one of the test's networks.
func (b *bench) address(name, network string) string {
	b.Helper()
	c, err := b.engine.ContainerInspect(b.Context(), name)
	b.must(err)
	endpoint := c.NetworkSettings.Networks[b.name+"-"+network]
	if endpoint == nil || endpoint.IPAddress == "" {
		b.Fatalf("%s has no address on %s", name, network)
	}
	return net.JoinHostPort(endpoint.IPAddress, "8080")
}

func (b *bench) requireReached(from, to string) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), found)
	defer cancel()
	for {
		code, said := b.exec(ctx, from, "/app", "health", "-url", "http://"+to+"/healthz")
		if code == 0 {
			return
		}
		if ctx.Err() != nil {
			b.Fatalf("%s does not reach %s: %s", from, to, said)
		}
	}
}

// requireUnreached is called when both sides were seen to answer others.
func (b *bench) requireUnreached(from, to string) {
	b.Helper()
	code, said := b.exec(b.Context(), from, "/app", "health", "-url", "http://"+to+"/healthz")
	if code != 1 || !strings.Contains(said, "unhealthy:") {
		b.Errorf("%s reaches %s: exit code %d, %s", from, to, code, said)
	}
}

// routes is a container's table of IPv4 routes.
func (b *bench) routes(name string) string {
	b.Helper()
	code, said := b.exec(b.Context(), name, "/app", "job", "-print", "/proc/net/route")
	if code != 0 || !strings.HasPrefix(said, "Iface") {
		b.Fatalf("read routes of %s: %d, %s", name, code, said)
	}
	return said
}

func (b *bench) exec(ctx context.Context, name string, command ...string) (int, string) {
	b.Helper()
	made, err := b.engine.ContainerExecCreate(ctx, name, container.ExecOptions{Cmd: command, AttachStdout: true, AttachStderr: true})
	if err != nil {
		return -1, err.Error()
	}
	stream, err := b.engine.ContainerExecAttach(ctx, made.ID, container.ExecAttachOptions{})
	if err != nil {
		return -1, err.Error()
	}
	defer stream.Close()
	var said bytes.Buffer
	_, _ = stdcopy.StdCopy(&said, &said, stream.Reader)
	ended, err := b.engine.ContainerExecInspect(ctx, made.ID)
	if err != nil {
		return -1, err.Error()
	}
	return ended.ExitCode, said.String()
}
