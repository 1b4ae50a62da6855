package secret_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/volume"
	"github.com/docker/docker/client"
	"github.com/docker/docker/pkg/stdcopy"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/labtest"
)

func TestMain(m *testing.M) { labtest.Main(m) }

// home is a node whose secrets are looked at from outside, and Terraform's
// configuration for it. Secrets come from the environment, as ephemeral variables.
type home struct {
	*acctest.CLI
	*testing.T
	node   *lab.Node
	engine *client.Client
	host   string // by which Terraform reaches the node
	// root is the node's user that root in a container is.
	root  int
	name  string // of stack and secret
	given map[string]string
}

func newHome(t *testing.T, node *lab.Node, root int) *home {
	return &home{CLI: acctest.NewCLI(t), T: t, node: node, engine: labtest.Client(t, node.Host), host: node.Host, root: root, name: acctest.Name(t), given: map[string]string{}}
}

// configure writes the configuration; NAME in it is the test's own name, and every
// given value an ephemeral variable.
func (h *home) configure(text string) {
	h.Helper()
	var b strings.Builder
	b.WriteString(acctest.Provider(h.host))
	for _, name := range slices.Sorted(func(yield func(string) bool) {
		for name := range h.given {
			if !yield(name) {
				return
			}
		}
	}) {
		fmt.Fprintf(&b, "variable %q {\n  type = string\n  ephemeral = true\n  sensitive = true\n}\n", name)
	}
	b.WriteString(strings.ReplaceAll(text, "NAME", h.name))
	h.Write(h.T, "main.tf", b.String())
}

// terraform runs a command with the values that are given.
func (h *home) terraform(args []string, codes ...int) acctest.Result {
	h.Helper()
	base := h.Env
	defer func() { h.Env = base }()
	for name, value := range h.given {
		h.Env = append(slices.Clone(h.Env), "TF_VAR_"+name+"="+value)
	}
	return h.Must(h.T, args, codes...)
}

func (h *home) plan(codes ...int) string {
	h.Helper()
	return h.terraform([]string{"plan", "-no-color", "-detailed-exitcode", "-out=next"}, codes...).Stdout
}

func (h *home) apply() string {
	h.Helper()
	return h.terraform([]string{"apply", "-no-color", "-auto-approve"}).Stdout
}

// applies plans and applies in one run, and looks for parts of the plan.
func (h *home) applies(parts ...string) { h.Helper(); h.requireSays(h.apply(), parts...) }

func (h *home) requireNoChange() { h.Helper(); h.plan(0) }

// requireSays looks for parts of a plan, whose spaces don't count.
func (h *home) requireSays(text string, parts ...string) {
	h.Helper()
	text = strings.Join(strings.Fields(text), " ")
	for _, part := range parts {
		if !strings.Contains(text, part) {
			h.Fatalf("%q is not in\n%s", part, text)
		}
	}
}

func (h *home) must(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

// containers are the IDs of the stack's containers, by service.
func (h *home) containers() map[string]string {
	h.Helper()
	list, err := h.engine.ContainerList(h.Context(), container.ListOptions{All: true,
		Filters: filters.NewArgs(filters.Arg("label", "com.docker.compose.project="+h.name))})
	h.must(err)
	out := map[string]string{}
	for _, c := range list {
		out[c.Labels["com.docker.compose.service"]] = c.ID
	}
	return out
}

// versions are the volumes of the test's secret.
func (h *home) versions() []string {
	h.Helper()
	list, err := h.engine.VolumeList(h.Context(), volume.ListOptions{Filters: filters.NewArgs(filters.Arg("label", "io.homelab.secret="+h.name))})
	h.must(err)
	names := []string{}
	for _, v := range list.Volumes {
		names = append(names, strings.TrimPrefix(v.Name, "homelab_secret_"+h.name+"_"))
	}
	slices.Sort(names)
	return names
}

func (h *home) requireVersions(want ...string) {
	h.Helper()
	if got := h.versions(); !slices.Equal(got, want) {
		h.Fatalf("the node has the versions %q, not %q", got, want)
	}
}

// ask has a service's container answer a request to itself.
func (h *home) ask(id, path string) string {
	h.Helper()
	exec, err := h.engine.ContainerExecCreate(h.Context(), id, container.ExecOptions{AttachStdout: true, AttachStderr: true,
		Cmd: []string{"/app", "health", "-url", "http://127.0.0.1:8080" + path}})
	h.must(err)
	stream, err := h.engine.ContainerExecAttach(h.Context(), exec.ID, container.ExecAttachOptions{})
	h.must(err)
	defer stream.Close()
	var out bytes.Buffer
	_, err = stdcopy.StdCopy(&out, &out, stream.Reader)
	h.must(err)
	return strings.TrimSpace(out.String())
}

func (h *home) must2(ok bool, format string, args ...any) {
	h.Helper()
	if !ok {
		h.Fatalf(format, args...)
	}
}

// file is where the machine has a version of the node.
func (h *home) file(version int) string { h.Helper(); return h.fileOf(fmt.Sprintf("v%d", version)) }

func (h *home) fileOf(version string) string {
	h.Helper()
	v, err := h.engine.VolumeInspect(h.Context(), fmt.Sprintf("homelab_secret_%s_%s", h.name, version))
	h.must(err)
	return filepath.Join(h.node.Root, v.Mountpoint, "content")
}

// requireOwner looks at the file on the node.
func (h *home) requireOwner(file string, uid, gid int, mode fs.FileMode) {
	h.Helper()
	info, err := os.Lstat(file)
	h.must(err)
	owner := info.Sys().(*syscall.Stat_t) //nolint:forcetypeassert // that of Linux
	if int(owner.Uid) != h.root+uid || int(owner.Gid) != h.root+gid || info.Mode() != mode {
		h.Fatalf("%s has %d:%d %s, not %d:%d %s", file, owner.Uid, owner.Gid, info.Mode(), h.root+uid, h.root+gid, mode)
	}
}

// requireNowhere looks for a value in every file of the engine's data directory,
// names included.
func (h *home) requireNowhere(value string) {
	h.Helper()
	root := filepath.Join(h.node.Root, "var/lib/docker")
	looked := 0
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case os.IsNotExist(err):
			return nil // the engine is at work
		case err != nil:
			return err
		case strings.Contains(path, value):
			h.Errorf("%s has the value in its name", path)
		case entry.Type().IsRegular():
			content, err := os.ReadFile(path)
			if err != nil && !os.IsNotExist(err) {
				return err
			}
			looked++
			if bytes.Contains(content, []byte(value)) {
				h.Errorf("%s holds the value", path)
			}
		}
		return nil
	})
	h.must(err)
	if looked < 10 {
		h.Fatalf("looked at %d files below %s only", looked, root)
	}
}

// requireAcceptance skips the test unless acceptance tests are asked for: before
// an engine is started for it.
func requireAcceptance(t *testing.T) {
	t.Helper()
	if os.Getenv("TF_ACC") == "" {
		t.Skip("acceptance tests run with TF_ACC=1")
	}
}
