package leaks_test

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/client"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/labtest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/sops"
	"github.com/homelab-iac/terraform-provider-homelab/internal/sops/sopstest"
)

// scraped is a registry that lets in whoever has a certificate, and a collector
// that is healthy while it is let in.
const scraped = `
services:
  registry:
    image: homelab.test/app:1
    command: [serve, -pair, "/run/secrets/registry_cert:/run/secrets/registry_key", -trust, /run/secrets/ca]
    secrets: [ca, registry_cert, registry_key]
  collector:
    image: homelab.test/app:1
    depends_on: [registry]
    secrets: [ca, alloy_cert, alloy_key]
    healthcheck:
      test: [CMD, /app, health, -url, "https://registry:8080/healthz", -pair, "/run/secrets/alloy_cert:/run/secrets/alloy_key", -trust, /run/secrets/ca]
      interval: 1s
      timeout: 30s
      retries: 300
  still:
    image: homelab.test/app:1
secrets:
  ca: {environment: ca}
  registry_cert: {environment: registry_cert}
  registry_key: {environment: registry_key}
  alloy_cert: {environment: alloy_cert}
  alloy_key: {environment: alloy_key}
`

func TestAccPKI_MutualTLS_CollectorIsLetInAndRenewed(t *testing.T) {
	cli, engine, name := acctest.NewCLI(t), labtest.Engine(t), acctest.Name(t)
	acctest.WithSOPS(t)
	root, err := acctest.Root()
	if err != nil {
		t.Fatal(err)
	}
	key, h := sopstest.Key(t), &hound{}
	seed := canary(t, "seed", "of-the-authority")
	h.learn("the seed", seed)
	cli.Env = append(cli.Env, "SOPS_AGE_KEY="+key.String(), "TF_LOG=TRACE", "TF_LOG_PATH="+filepath.Join(cli.Dir, "trace.log"))
	cli.Write(t, "pki.yaml", string(sopstest.Encrypt(t, sops.YAML, []byte("seed: "+seed+"\n"), key.Recipient().String())))
	cli.Write(t, "compose.yaml", scraped)
	configure := func(renewed string) {
		cli.Write(t, "main.tf", acctest.Provider(labtest.Host(t))+fmt.Sprintf(`
ephemeral "homelab_sops_file" "pki" {
  path = "pki.yaml"
}
module "pki" {
  source     = %q
  seed       = ephemeral.homelab_sops_file.pki.values["seed"]
  not_before = "2024-01-01"
  years      = 40
  certificates = {
    registry = { profile = "server", dns_names = ["registry"], days = 14000 }
    alloy    = { profile = "client", not_before = %q, days = 13000 }
  }
}
resource "homelab_stack" "this" {
  name    = %q
  compose = file("compose.yaml")
  secrets = module.pki.secrets
}
`, filepath.Join(root, "modules", "pki"), renewed, name))
	}
	configure("2024-01-01")
	cli.Must(t, []string{"get"})
	cli.Apply(t) // succeeds when the collector is healthy, which it is when the registry lets it in
	cli.RequireEmptyPlan(t)
	requireRefused(t, engine, name+"-still-1", name+"-registry-1")
	before := ofStack(t, engine, name)

	configure("2024-06-01")
	cli.Apply(t)
	requireMade(t, before, ofStack(t, engine, name), "collector")
	h.learn("the collector's key", secretOf(t, engine, name+"-collector-1", "/run/secrets/alloy_key"))
	h.learn("the registry's key", secretOf(t, engine, name+"-registry-1", "/run/secrets/registry_key"))
	if h.searchFiles(t, cli.Dir, meant) < 10_000 {
		t.Error("there was nothing to look at")
	}
	cli.Must(t, []string{"destroy", "-no-color", "-auto-approve"})
}

// requireRefused requires that the registry does not let in whoever has nothing to
// be known by.
func requireRefused(t *testing.T, engine *client.Client, from, registry string) {
	t.Helper()
	is, err := engine.ContainerInspect(t.Context(), registry)
	if err != nil {
		t.Fatal(err)
	}
	var address string
	for _, endpoint := range is.NetworkSettings.Networks {
		address = endpoint.IPAddress
	}
	run, err := engine.ContainerExecCreate(t.Context(), from, container.ExecOptions{Cmd: []string{"/app", "health", "-url", "https://" + address + ":8080/healthz"}, AttachStdout: true})
	if err != nil {
		t.Fatal(err)
	}
	attached, err := engine.ContainerExecAttach(t.Context(), run.ID, container.ExecAttachOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer attached.Close()
	said, err := io.ReadAll(attached.Reader)
	if err != nil || !strings.Contains(string(said), "unhealthy: ") || !strings.Contains(string(said), "x509: ") {
		t.Errorf("a stranger is told %q (%v)", said, err)
	}
}
