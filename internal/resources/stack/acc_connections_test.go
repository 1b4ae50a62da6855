package stack_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/images"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/labtest"
)

// connections is a stack over each way to reach the same engine: it pulls (web),
// builds (made), delivers a file through the archive (conf), runs a command
// (post_start) and, with fail, shows the last log lines.
const connections = `
variable "token" { sensitive = true }
variable "fail" { default = false }

provider "homelab" {
  nodes = {
    ssh     = { host = %q }
    tls     = { host = %q, tls = { ca_file = %q, cert_file = %q, key_file = %q } }
    socket  = { host = %q }
    nas     = { host = %q, token = var.token, tls = { ca_file = "portainer.pem" } }
    context = { context = "lab" }
  }
}

resource "homelab_stack" "this" {
  for_each          = toset(["ssh", "tls", "socket", "nas", "context"])
  name              = "%s-${each.key}"
  node              = each.key
  project_directory = path.module
  pull              = "always"
  compose = <<-E
    services:
      web:
        image: %s
        command: [serve, -log, "last words over ${each.key}", -exit-after, "${var.fail ? "1ms" : "0s"}", -code, "3"]
        configs: [conf]
        post_start: [{command: [/app, note, -file, /note, -log, hooked]}]
      made:
        build: {context: .}
        pull_policy: build
    configs: {conf: {content: "over ${each.key}"}}
  E
}
`

func TestAccStack_EveryConnection_CarriesEveryCall(t *testing.T) {
	requireAcceptance(t)
	cli := acctest.NewCLI(t)
	s := startConnections(t, cli)
	cli.Apply(t)
	s.requireRunning(t)
	cli.RequireEmptyPlan(t)
	failed := cli.Run(t, "apply", "-no-color", "-auto-approve", "-var", "fail=true")
	for _, node := range []string{"ssh", "tls", "socket", "nas", "context"} {
		if words := "last words over " + node; failed.Code == 0 || !strings.Contains(failed.Stderr, words) {
			t.Errorf("code %d, and no %q in:\n%s", failed.Code, words, failed.Stderr)
		}
	}
	s.requireSecret(t, failed.Stdout+failed.Stderr)
	cli.Must(t, []string{"destroy", "-no-color", "-auto-approve"})
	s.requireOneLogin(t)
}

// reached is the node with what leads to it.
type reached struct {
	cli    *acctest.CLI
	node   *lab.Node
	name   string
	dir    string // of the ssh that counts
	before int    // logins
}

func startConnections(t *testing.T, cli *acctest.CLI) *reached {
	t.Helper()
	registry := startRegistry(t)
	node := labtest.Node(t)
	l := node.Lab()
	s := &reached{cli: cli, node: node, name: acctest.Name(t), dir: t.TempDir()}
	image := registry.address + "/" + s.name + "/app:1"
	registry.push(t, images.AppV1, s.name+"/app:1")
	portainer := acctest.StartPortainer(t, node.Host)
	cli.Write(t, "portainer.pem", portainer.CA)
	cli.Write(t, "Dockerfile", "FROM "+images.AppV1+"\nCOPY portainer.pem /mark\n")
	cli.Write(t, ".dockerignore", "*\n!portainer.pem\n")
	cli.Write(t, "main.tf", fmt.Sprintf(connections, node.SSHHost, node.TCPHost, l.CA, l.ClientCert, l.ClientKey, node.Host, portainer.Host, s.name, image))
	s.writeContext(t)
	s.writeSSH(t)
	cli.Env = append(cli.Env, "TF_VAR_token="+acctest.PortainerToken, "TF_LOG=TRACE", "TF_LOG_PATH="+filepath.Join(s.dir, "trace"),
		"DOCKER_CONFIG="+s.dir, "DOCKER_HOST=", "SSH_AUTH_SOCK=", "PATH="+filepath.Join(s.dir, "bin")+":"+os.Getenv("PATH"))
	t.Cleanup(func() {
		_ = sweep(t.Context(), registry.engine, func(stack, name string) bool { return strings.HasPrefix(stack+name, s.name) })
	})
	s.before = s.logins(t)
	return s
}

// writeContext makes a Docker context with the node over ssh.
func (s *reached) writeContext(t *testing.T) {
	t.Helper()
	sum := sha256.Sum256([]byte("lab"))
	meta := filepath.Join(s.dir, "contexts", "meta", hex.EncodeToString(sum[:]), "meta.json")
	writeFiles(t, filepath.Dir(meta), map[string]string{
		"meta.json": fmt.Sprintf(`{"Name":"lab","Metadata":{},"Endpoints":{"docker":{"Host":%q}}}`, s.node.SSHHost),
	})
}

// writeSSH makes an ssh that notes which provider process logs in.
func (s *reached) writeSSH(t *testing.T) {
	t.Helper()
	writeFiles(t, s.dir, map[string]string{"bin/ssh": fmt.Sprintf(`#!/bin/sh
case " $* " in *" -M "*) ps -o ppid= -p "$PPID" >>'%s/masters' ;; esac
exec '%s/ssh' "$@"
`, s.dir, s.node.Lab().Bin)})
	if err := os.Chmod(filepath.Join(s.dir, "bin", "ssh"), 0o700); err != nil { //nolint:gosec // a program
		t.Fatal(err)
	}
}

func (s *reached) logins(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile(s.node.Log)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Count(string(text), "Accepted publickey")
}

// requireOneLogin compares sshd's log with the provider's processes: two nodes go
// by ssh, so each process has two logins.
func (s *reached) requireOneLogin(t *testing.T) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(s.dir, "masters"))
	if err != nil {
		t.Fatal(err)
	}
	processes := strings.Fields(string(text))
	slices.Sort(processes)
	processes = slices.Compact(processes)
	if got, want := s.logins(t)-s.before, 2*len(processes); got != want || want == 0 {
		t.Errorf("logins: got %d, want %d, two for each provider process %v", got, want, processes)
	}
}

// requireRunning looks at the engine for what each stack should have made of it.
func (s *reached) requireRunning(t *testing.T) {
	t.Helper()
	engine := labtest.Engine(t)
	for _, node := range []string{"ssh", "tls", "socket", "nas", "context"} {
		list, err := engine.ContainerList(t.Context(), container.ListOptions{
			Filters: filters.NewArgs(filters.Arg("label", desired.LabelProject+"="+s.name+"-"+node)),
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range list {
			if path := map[string]string{"web": "/conf", "made": "/mark"}[c.Labels[desired.LabelService]]; path != "" {
				if _, err := engine.ContainerStatPath(t.Context(), c.ID, path); err != nil {
					t.Errorf("over %s: %v", node, err)
				}
			}
		}
		if len(list) != 2 {
			t.Errorf("over %s: %d containers run, want 2", node, len(list))
		}
	}
}

// requireSecret fails the test where Portainer's token is to be found.
func (s *reached) requireSecret(t *testing.T, output string) {
	t.Helper()
	texts := map[string]string{"the output": output}
	for _, file := range []string{filepath.Join(s.dir, "trace"), filepath.Join(s.cli.Dir, "terraform.tfstate")} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		texts[file] = string(text)
	}
	for where, text := range texts {
		if strings.Contains(text, acctest.PortainerToken) {
			t.Errorf("the token is in %s", where)
		}
	}
}
