package conformance_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/conformance"
	"github.com/homelab-iac/terraform-provider-homelab/internal/conformance/compare"
)

// terraform is one configuration with a stack for each project.
type terraform struct {
	*acctest.CLI
	host     string
	projects map[string]conformance.Project
}

func newTerraform(t *testing.T, host string, projects []conformance.Project) *terraform {
	t.Helper()
	tf := &terraform{CLI: acctest.NewCLI(t), host: host, projects: map[string]conformance.Project{}}
	for _, p := range projects {
		tf.projects[p.Name] = p
	}
	return tf
}

// write writes the configuration; with imported, the stacks are to be taken over.
func (tf *terraform) write(t *testing.T, imported bool) {
	t.Helper()
	stacks, imports := map[string]any{}, []any{}
	for name, p := range tf.projects {
		stacks[name] = stack(p)
		imports = append(imports, map[string]any{"to": "homelab_stack." + name, "id": "local/" + name})
	}
	config := map[string]any{
		"provider": map[string]any{"homelab": map[string]any{"nodes": map[string]any{"local": map[string]any{"host": tf.host}}}},
		"resource": map[string]any{"homelab_stack": stacks},
	}
	if imported {
		config["import"] = imports
	}
	text, err := json.MarshalIndent(config, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	tf.Write(t, "main.tf.json", string(text))
}

// stack is the resource for a project.
func stack(p conformance.Project) map[string]any {
	var documents []string
	for _, file := range p.Files {
		documents = append(documents, fmt.Sprintf("${file(%q)}", filepath.Join(p.Dir, file)))
	}
	out := map[string]any{"name": p.Name, "project_directory": p.Dir, "compose": documents[0], "remove_volumes": true}
	if len(documents) > 1 {
		out["overrides"] = documents[1:]
	}
	if len(p.Profiles) > 0 {
		out["profiles"] = p.Profiles
	}
	for name, values := range map[string]map[string]string{"variables": p.Variables, "secrets": p.Secrets} {
		escaped := maps.Clone(values)
		for key, value := range escaped {
			escaped[key] = strings.ReplaceAll(value, "${", "$${")
		}
		if len(escaped) > 0 {
			out[name] = escaped
		}
	}
	return out
}

var mentioned = regexp.MustCompile(`"(homelab_stack\.[a-z0-9-]+)"`)

// problem is an error of Terraform, and the project that it is about.
type problem struct{ project, text string }

// run runs a command with -json, which is written for programs, and returns its
// errors.
func (tf *terraform) run(t *testing.T, args ...string) []problem {
	t.Helper()
	result := tf.Must(t, append(args, "-json", "-no-color"), 0, 1)
	var problems []problem
	for line := range strings.Lines(result.Stdout) {
		var message struct {
			Diagnostic struct{ Severity, Summary, Detail, Address string }
		}
		if json.Unmarshal([]byte(line), &message) != nil || message.Diagnostic.Severity != "error" {
			continue
		}
		d := message.Diagnostic
		if found := mentioned.FindStringSubmatch(d.Detail); d.Address == "" && found != nil {
			d.Address = found[1] // of an import
		}
		problems = append(problems, problem{strings.TrimPrefix(d.Address, "homelab_stack."), d.Summary + ": " + d.Detail})
	}
	if result.Code != 0 && len(problems) == 0 {
		t.Fatalf("terraform %v failed:\n%s%s", args, result.Stdout, result.Stderr)
	}
	return problems
}

// plan plans into a file. A project whose plan fails is reported and left out,
// so that the others are still compared.
func (tf *terraform) plan(t *testing.T, imported bool) {
	t.Helper()
	for len(tf.projects) > 0 {
		tf.write(t, imported)
		problems := tf.run(t, "plan", "-out=plan")
		if len(problems) == 0 {
			return
		}
		tf.drop(t, problems)
	}
}

// drop reports problems and leaves their projects out from now on.
func (tf *terraform) drop(t *testing.T, problems []problem) {
	t.Helper()
	for _, p := range problems {
		t.Errorf("%s: %s", p.project, p.text)
		if _, ok := tf.projects[p.project]; !ok && p.project != "" {
			continue
		}
		if p.project == "" {
			t.FailNow()
		}
		delete(tf.projects, p.project)
	}
}

// changes returns what the planned file changes of each project's services,
// networks and volumes, one line a field.
func (tf *terraform) changes(t *testing.T) map[string][]string {
	t.Helper()
	var plan struct {
		Changes []struct {
			Name   string
			Change struct {
				Actions       []string
				Before, After map[string]any
			}
		} `json:"resource_changes"`
	}
	shown := tf.Must(t, []string{"show", "-json", "plan"})
	if err := json.Unmarshal([]byte(shown.Stdout), &plan); err != nil {
		t.Fatal(err)
	}
	out := map[string][]string{}
	for _, c := range plan.Changes {
		if _, ok := tf.projects[c.Name]; !ok {
			continue // left out, as its apply failed
		}
		before, after := map[string]string{}, map[string]string{}
		for _, section := range []string{"services", "networks", "volumes"} {
			compare.Flatten(section, c.Change.Before[section], before)
			compare.Flatten(section, c.Change.After[section], after)
		}
		out[c.Name] = append([]string{}, compare.Fields(before, after)...)
	}
	return out
}
