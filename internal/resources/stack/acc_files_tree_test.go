package stack_test

import (
	"archive/tar"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/labtest"
)

// mounting mounts a tree and a file of it, in a container that can write nowhere.
const mounting = `
services:
  site:
    image: homelab.test/app:1
    read_only: true
    volumes: ["./site:/site:ro", "./site/run.sh:/bin/run:ro"]
    configs: [{source: note, target: /note}]
  other: {image: "homelab.test/app:1"}
configs: {note: {file: ./site/note}}
`

// plant makes a tree of all that a tree can have, 50 MB of it.
func plant(t *testing.T, dir string) {
	t.Helper()
	write := func(name string, mode os.FileMode, content []byte) {
		path := filepath.Join(dir, "site", name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, content, mode), os.Chmod(path, mode)); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 10 {
		block := make([]byte, 5<<20)
		_, _ = rand.Read(block) // never fails
		write(fmt.Sprintf("large/%d.bin", i), 0o644, block)
	}
	write("run.sh", 0o755, []byte("#!/bin/sh\n"))
	write("note", 0o644, []byte("\x00\xff not text \x80\n"))
	write("private/key", 0o600, []byte("k"))
	write("empty", 0o444, nil)
	for name, target := range map[string]string{"link": "run.sh", "up": "../site/note", "dangling": "nowhere", "absolute": "/etc/hosts"} {
		if err := os.Symlink(target, filepath.Join(dir, "site", name)); err != nil {
			t.Fatal(err)
		}
	}
	for name, mode := range map[string]os.FileMode{"private": 0o700, "hollow": 0o750} {
		path := filepath.Join(dir, "site", name)
		if err := errors.Join(os.MkdirAll(path, mode), os.Chmod(path, mode)); err != nil {
			t.Fatal(err)
		}
	}
}

// planted lists a tree where Terraform runs: mode, and target or sum.
func planted(t *testing.T, root string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.Walk(root, func(path string, info os.FileInfo, err error) error {
		if err != nil || path == root {
			return err
		}
		name, _ := filepath.Rel(root, path) // path lies below root
		switch {
		case info.IsDir():
			found[name] = fmt.Sprintf("directory %o", info.Mode().Perm())
		case info.Mode()&os.ModeSymlink != 0:
			target, err := os.Readlink(path)
			found[name] = "link to " + target
			return err
		default:
			content, err := os.ReadFile(path)
			found[name] = fmt.Sprintf("file %o %x", info.Mode().Perm(), sha256.Sum256(content))
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// arrived lists a tree, or one file, as a service's container has it.
func (b *bench) arrived(service, path string) (map[string]string, error) {
	content, _, err := b.engine.CopyFromContainer(b.Context(), b.container(service).ID, path)
	if err != nil {
		return nil, err
	}
	defer content.Close()
	found := map[string]string{}
	for archive := tar.NewReader(content); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return found, nil
		}
		if err != nil {
			return nil, err
		}
		_, name, _ := strings.Cut(strings.TrimSuffix(header.Name, "/"), "/")
		switch header.Typeflag {
		case tar.TypeDir:
			found[name] = fmt.Sprintf("directory %o", header.Mode&0o777)
		case tar.TypeSymlink:
			found[name] = "link to " + header.Linkname
		default:
			sum := sha256.New()
			if _, err := io.Copy(sum, archive); err != nil {
				return nil, err
			}
			found[name] = fmt.Sprintf("file %o %x", header.Mode&0o777, sum.Sum(nil))
		}
	}
}

// expectTree is a tree that arrived as it is, and two files of it mounted alone.
func (b *bench) expectTree(dir string) acctest.StateCheck {
	return holds(func() error {
		want := planted(b.T, filepath.Join(dir, "site"))
		got, err := b.arrived("site", "/site")
		if err != nil {
			return err
		}
		delete(got, "") // the mount's own directory
		if !maps.Equal(got, want) {
			return fmt.Errorf("sent\n%v\narrived\n%v", lines(want), lines(got))
		}
		for path, name := range map[string]string{"/bin/run": "run.sh", "/note": "note"} {
			one, err := b.arrived("site", path)
			if err != nil {
				return err
			}
			if path == "/note" { // a config's own mode is its reference's
				one[""] = strings.Replace(one[""], "file 444", "file 644", 1)
			}
			if one[""] != want[name] {
				return fmt.Errorf("%s is %v, want %s", path, one, want[name])
			}
		}
		return nil
	})
}

func lines(tree map[string]string) string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(tree)) {
		list = append(list, name+" "+tree[name])
	}
	return strings.Join(list, "\n")
}

func TestAccStack_Tree_ArrivesAsItIsWhateverTheConnection(t *testing.T) {
	requireAcceptance(t)
	l := labtest.New(t, lab.Options{})
	node := l.Nodes[0]
	secure := fmt.Sprintf("provider \"homelab\" {\n  nodes = { local = { host = %q, tls = { ca_file = %q, cert_file = %q, key_file = %q } } }\n}\n",
		node.TCPHost, l.CA, l.ClientCert, l.ClientKey)
	for name, provider := range map[string]string{"socket": acctest.Provider(node.Host), "TLS": secure} {
		t.Run(name, func(t *testing.T) {
			b := &bench{T: t, name: acctest.Name(t), host: node.Host, engine: labtest.Client(t, node.Host)}
			dir := t.TempDir()
			plant(t, dir)
			config := strings.Replace(b.config(mounting, fmt.Sprintf("project_directory = %q", dir)), acctest.Provider(b.host), provider, 1)
			b.test(b.step(config, b.expectTree(dir)), unchanged(config))
			b.expectNothing()
		})
	}
}

func TestAccStack_MountedFileChanged_PlanNamesItAndItsUserSeesIt(t *testing.T) {
	b := newBench(t)
	w := &witness{b: b}
	dir := t.TempDir()
	writeFiles(t, dir, map[string]string{"settings": "one\n"})
	config := b.config(`
services:
  site: {image: "homelab.test/app:1", read_only: true, volumes: ["./settings:/etc/settings:ro"]}
  other: {image: "homelab.test/app:1"}
`, fmt.Sprintf("project_directory = %q", dir))
	named := acctest.PlanCheck(func(plan *tfjson.Plan) error {
		change, err := acctest.Change(plan, address)
		if err != nil {
			return err
		}
		found := false
		for _, line := range acctest.Differences(change) {
			found = found || strings.HasPrefix(line, "services.site.spec.") && strings.Contains(line, "/etc/settings: ")
			if !strings.HasPrefix(line, "services.site.") {
				return fmt.Errorf("the plan says %s", line)
			}
		}
		if !found {
			return fmt.Errorf("the plan does not name the file: %v", acctest.Differences(change))
		}
		return nil
	})
	b.test(
		b.step(config, holds(func() error { w.look(); return nil }), b.expectFile("site", "/etc/settings", "one\n")),
		after(func() { writeFiles(t, dir, map[string]string{"settings": "two\n"}) },
			expecting(b.step(config, w.onlyTouched("site/1"), b.expectFile("site", "/etc/settings", "two\n"), b.expectFileVolumes(1)), named)),
		unchanged(config),
	)
	b.expectNothing()
}

func TestAccStack_SourceThatCannotBeRead_IsAnErrorAtPlan(t *testing.T) {
	for name, one := range map[string]struct{ compose, says string }{
		"missing config":     {"services: {web: {image: x, configs: [c]}}\nconfigs: {c: {file: ./missing}}", "missing"},
		"missing env_file":   {"services: {web: {image: x, env_file: [./missing.env]}}", "missing.env"},
		"missing context":    {"services: {web: {build: ./missing}}", "missing"},
		"no directory given": {"services: {web: {image: x, volumes: ['./data:/data']}}", "project_directory"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			recorder := b.record()
			arguments := []string{fmt.Sprintf("project_directory = %q", t.TempDir())}
			if name == "no directory given" {
				arguments = nil
			}
			b.test(resource.TestStep{Config: b.config(one.compose, arguments...), PlanOnly: true, ExpectError: wording(one.says)})
			if wrote := acctest.Writes(recorder.Take()); len(wrote) > 0 {
				t.Errorf("wrote %v", wrote)
			}
		})
	}
}
