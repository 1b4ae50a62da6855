package stack_test

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/labtest"
)

// TestAccStack_OwnDirectoryIsMountedAndBuilt_StateStaysHere mounts the directory
// that Terraform runs in, and builds images of it: what changes there with every
// run is no change of the stack, and state and plans don't get to the node.
func TestAccStack_OwnDirectoryIsMountedAndBuilt_StateStaysHere(t *testing.T) {
	labtest.Require(t)
	t.Parallel()
	name := acctest.Name(t)
	cli := acctest.NewCLI(t)
	writeFiles(t, cli.Dir, map[string]string{"page": "one", ".git/HEAD": "ref", "crash.log": "panic", "Dockerfile": "FROM homelab.test/app:1\nCOPY . /all/\n", ".dockerignore": "ignored\n", "ignored": "1"})
	cli.Write(t, "main.tf", fmt.Sprintf(`
provider "homelab" {
  nodes = { this = { host = %q } }
}
resource "homelab_stack" "this" {
  name              = %q
  node              = "this"
  project_directory = path.module
  compose           = <<-EOT
    services:
      mounted: {image: "homelab.test/app:1", volumes: [".:/all:ro"]}
      kit: {build: .}
      classic: {build: {context: ., ulimits: {nofile: 1024}}}
  EOT
}
`, labtest.Host(t), name))
	cli.Must(t, []string{"plan", "-out=saved"})
	cli.Must(t, []string{"apply", "saved"})
	defer cli.Must(t, []string{"destroy", "-auto-approve"})
	cli.RequireEmptyPlan(t)
	cli.Must(t, []string{"plan", "-out=other"})
	cli.RequireEmptyPlan(t)

	said := cli.Must(t, []string{"plan", "-json"}).Stdout
	for _, words := range []string{`service \"mounted\": volumes \".\" is sent without .git, .terraform.tfstate.lock.info, crash.log, other, saved, terraform.tfstate`, `service \"kit\": build context \".\" is sent without`} {
		if !strings.Contains(said, words) {
			t.Errorf("the plan does not say %s:\n%s", words, said)
		}
	}
	for _, service := range []string{"mounted", "classic", "kit"} {
		got := namesIn(t, name+"-"+service+"-1", "/all")
		if service == "mounted" { // what is left out of a build is a matter of the build
			got = slices.DeleteFunc(got, func(n string) bool { return n == "ignored" })
		}
		if want := []string{".dockerignore", "Dockerfile", "main.tf", "page", "terraform.tf"}; !slices.Equal(got, want) {
			t.Errorf("%s has %v, not %v", service, got, want)
		}
	}
	for _, local := range []string{"terraform.tfstate", "saved", "other"} {
		if _, err := os.Stat(cli.Dir + "/" + local); err != nil {
			t.Errorf("the test lacks what it is about: %v", err)
		}
	}
}

// namesIn lists what is in a directory of a container, sorted.
func namesIn(t testing.TB, container, dir string) []string {
	t.Helper()
	content, _, err := labtest.Engine(t).CopyFromContainer(t.Context(), container, dir)
	if err != nil {
		t.Fatal(err)
	}
	defer content.Close()
	var names []string
	for archive := tar.NewReader(content); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			slices.Sort(names)
			return names
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, name, _ := strings.Cut(strings.TrimSuffix(header.Name, "/"), "/"); name != "" {
			names = append(names, name)
		}
	}
}
