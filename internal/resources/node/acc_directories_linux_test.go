package node_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/labtest"
)

const address = "homelab_node.this"

// TestAccNode goes through the life of a node's directories, on a node that shares
// its users with containers and on one that maps them; and through what can be
// written of a node, known or not. It is one test because its parts share a lab.
func TestAccNode(t *testing.T) {
	requireAcceptance(t)
	l := labtest.New(t, lab.Options{Nodes: 2, RemapUsers: []string{"n2"}})
	nodes := l.Nodes
	t.Run("Directories_Plain_AreMadeAndRepairedAndNothingBelow", func(t *testing.T) { (&house{T: t, node: nodes[0]}).live() })
	t.Run("Directories_Remapped_AreMadeAndRepairedAndNothingBelow", func(t *testing.T) { (&house{T: t, node: nodes[1], root: lab.RemappedID}).live() })
	t.Run("Directories_Rootless_AreMadeAndRepaired", func(t *testing.T) { (&house{T: t, node: nodes[0]}).withoutRoot(l) })
	t.Run("Links_InAnyPartOfAPath_AreNeverFollowed", func(t *testing.T) { (&house{T: t, node: nodes[0]}).links() })
	t.Run("Mistakes_AreNamedAtPlanWithoutANode", func(t *testing.T) { (&house{T: t, node: nodes[0]}).mistakes() })
	t.Run("Values_UnknownOrChangedOrAway_PlanWhatHappens", func(t *testing.T) { (&house{T: t, node: nodes[1], root: lab.RemappedID}).values() })
}

// house is a node whose directories are looked at from outside.
type house struct {
	*testing.T
	node     *lab.Node
	root     int // the node's user that root in a container is
	recorder *acctest.Recorder
}

const directories = `
    "/srv/media"      = { uid = 1000, gid = 1000, mode = "0750" }
    "/srv/made/below" = { uid = 1000, gid = 100, mode = "2775" }
    "/data"           = { mode = "0700" }
`

const another = `
resource "homelab_node" "another" {
  name        = "this"
  directories = { "/srv/other" = { uid = 1001, gid = 1001 } }
}
`

func (h *house) live() {
	h.recorder = acctest.Record(h.T, h.node.Host)
	h.mkdir("/srv/media", 1234, 1234, 0o700)
	h.mkdir("/srv/media/films", 77, 88, 0o711)
	h.write("/srv/media/films/one", "reel", 99, 99, 0o604)
	h.write("/srv/media/mine", "note", h.root+1000, h.root+1000, 0o600)
	before := h.below("/srv/media")
	untouched := func() error {
		if after := h.below("/srv/media"); after != before {
			return fmt.Errorf("below /srv/media was\n%s\nand is\n%s", before, after)
		}
		return nil
	}
	as := func(path string, uid, gid int, mode fs.FileMode) func() error {
		return func() error { return h.expect(path, h.root+uid, h.root+gid, mode) }
	}
	all := []func() error{untouched, as("/srv/media", 1000, 1000, 0o750), as("/srv/made", 0, 0, 0o755),
		as("/srv/made/below", 1000, 100, 0o775|fs.ModeSetgid), as("/data", 0, 0, 0o700)}
	shown := func(at, field string, old, now int) string {
		return fmt.Sprintf("directories.%s.%s: %d -> %d", at, field, old, now)
	}
	resource.Test(h, resource.TestCase{
		ProtoV6ProviderFactories: acctest.Factories(),
		Steps: []resource.TestStep{
			h.plans(h.config(directories)),
			h.step(h.config(directories)+h.stack(), append(all, h.wrote("/srv/made/below/note", 1000, 100))...),
			h.plans(h.config(directories)+h.stack(), plancheck.ExpectEmptyPlan()),
			h.byHand(func() {
				h.must(os.Chown(h.at("/srv/media"), 0, 0))
				h.must(os.Chmod(h.at("/srv/made/below"), 0o700))
				h.must(os.RemoveAll(h.at("/data")))
			}, h.plans(h.config(directories), acctest.ExpectDifferences(address,
				shown("/srv/media", "uid", h.seen(0), 1000), shown("/srv/media", "gid", h.seen(0), 1000),
				shown("/srv/media", "host_uid", 0, h.root+1000), shown("/srv/media", "host_gid", 0, h.root+1000),
				`directories./srv/made/below.mode: "0700" -> "2775"`,
				`directories./data.mode: (absent) -> "0700"`, `directories./data.state: (absent) -> "present"`,
				fmt.Sprintf("directories./data.host_uid: (absent) -> %s", h.unknownOr()), fmt.Sprintf("directories./data.host_gid: (absent) -> %s", h.unknownOr())))),
			h.step(h.config(directories), all...),
			h.plans(h.config(directories), plancheck.ExpectEmptyPlan()),

			// Another one of the same node, as of a module, comes and goes.
			h.step(h.config(directories)+another, append(all, as("/srv/other", 1001, 1001, 0o755), h.windows("/", "/", "/data", "/srv", "/srv"))...),
			h.plans(h.config(directories)+another, plancheck.ExpectEmptyPlan()),
			h.fails(h.config(directories)+strings.Replace(another, "/srv/other", "/srv/media", 1), `Two\s+homelab_node\s+of\s+this\s+configuration\s+have\s+/srv/media`),
			h.step(h.config(directories), append(all, as("/srv/other", 1001, 1001, 0o755), h.windows("/", "/data", "/srv"))...),
			h.plans(h.config(directories), plancheck.ExpectEmptyPlan()),

			// Nothing can be seen, and the plan says so.
			h.byHand(h.prune, h.plans(h.config(directories), h.expectUnseen("/srv/media", "/srv/made/below", "/data"))),
			h.step(h.config(directories), all...),
			h.plans(h.config(directories), plancheck.ExpectEmptyPlan()),

			// What is not a directory is left alone.
			h.byHand(func() {
				h.must(os.Remove(h.at("/data")))
				h.write("/data", "a file", 5, 5, 0o600)
				h.must(os.Symlink("/etc", h.at("/srv/link")))
			}, h.fails(h.config(directories+`"/srv/link" = {}`+"\n"+`"/srv/link/below" = {}`),
				`On the node /data is a file`, `On the node /srv/link is a symbolic\s+link\s+to\s+/etc`, `On the node /srv/link, above\s+/srv/link/below, is`)),
			h.byHand(func() { h.must(os.Remove(h.at("/data"))) }, h.step(h.config(`"/srv/media" = {}`), untouched, as("/srv/media", 1000, 1000, 0o750),
				as("/srv/made/below", 1000, 100, 0o775|fs.ModeSetgid), h.windows("/", "/srv"))),
			{ResourceName: address, ImportState: true, ImportStateId: "this", ImportStateVerify: true, ImportStateVerifyIgnore: []string{"directories", "labels"}},
			{Config: h.config(`"/srv/media" = {}`), Destroy: true},
		},
	})
	for _, check := range []func() error{untouched, as("/srv/media", 1000, 1000, 0o750), h.windows()} {
		if err := check(); err != nil {
			h.Error(err)
		}
	}
}

// unknownOr is the owner of /data when it is recreated: root's.
func (h *house) unknownOr() string { return fmt.Sprint(h.root) }

// seen is what a container sees of an owner of the node.
func (h *house) seen(id int) int {
	if id < h.root {
		return 65534 // user_namespaces(7): the overflow ID
	}
	return id - h.root
}

func (h *house) config(directories string) string {
	return fmt.Sprintf(`
provider "homelab" {
  nodes = { this = { host = %q } }
}
resource "homelab_node" "this" {
  name        = "this"
  labels      = { room = "attic" }
  directories = {
%s
  }
}
`, h.recorder.Host, directories)
}

// stack is one whose container writes into a directory as the user that owns it.
func (h *house) stack() string {
	return `
resource "homelab_stack" "this" {
  name    = "hltest-directories"
  node    = homelab_node.this.name
  compose = yamlencode({ services = {
    job = {
      image        = "homelab.test/app:1"
      user         = "1000:100"
      network_mode = "none"
      command      = ["note", "-file", "/work/note", "-log", "was here"]
      volumes      = [{ type = "bind", source = "/srv/made/below", target = "/work", bind = { create_host_path = false } }]
    }
    after = {
      image        = "homelab.test/app:1"
      network_mode = "none"
      command      = ["sleep"]
      depends_on   = { job = { condition = "service_completed_successfully" } }
    }
  } })
}
`
}

func (h *house) step(config string, checks ...func() error) resource.TestStep {
	step := resource.TestStep{Config: config}
	for _, check := range checks {
		step.ConfigStateChecks = append(step.ConfigStateChecks, acctest.StateCheck(func(*tfjson.State) error { return check() }))
	}
	return step
}

// plans is a plan that sends only reads.
func (h *house) plans(config string, checks ...plancheck.PlanCheck) resource.TestStep {
	empty := false
	for _, check := range checks {
		empty = empty || check == plancheck.ExpectEmptyPlan()
	}
	return resource.TestStep{Config: config, PlanOnly: true, ExpectNonEmptyPlan: !empty, PreConfig: func() { h.recorder.Take() },
		ConfigPlanChecks: resource.ConfigPlanChecks{PostApplyPostRefresh: append(checks, acctest.ExpectOnlyReads(h.recorder))}}
}

// fails is a plan with errors.
func (h *house) fails(config string, messages ...string) resource.TestStep {
	pattern := "(?s)"
	for _, message := range messages {
		pattern += ".*" + message
	}
	return resource.TestStep{Config: config, ExpectError: regexp.MustCompile(pattern)}
}

// byHand does something on the node before a step.
func (h *house) byHand(act func(), step resource.TestStep) resource.TestStep {
	prepare := step.PreConfig
	step.PreConfig = func() {
		act()
		if prepare != nil {
			prepare()
		}
	}
	return step
}

func (h *house) expectUnseen(paths ...string) acctest.PlanCheck {
	return func(plan *tfjson.Plan) error {
		change, err := acctest.Change(plan, address)
		if err != nil {
			return err
		}
		lines := strings.Join(acctest.Differences(change), "\n")
		for _, path := range paths {
			if want := fmt.Sprintf("directories.%s.state: \"unseen\" -> \"present\"", path); !strings.Contains(lines, want) {
				return fmt.Errorf("the plan lacks %s:\n%s", want, lines)
			}
		}
		return nil
	}
}

func (h *house) prune() {
	engine := labtest.Client(h, h.node.Host)
	report, err := engine.ContainersPrune(h.Context(), filters.NewArgs(filters.Arg("label", desired.LabelWindow)))
	h.must(err)
	if len(report.ContainersDeleted) != 3 {
		h.Fatalf("pruned %d windows, not 3", len(report.ContainersDeleted))
	}
}

// windows checks through what the node's directories are seen.
func (h *house) windows(roots ...string) func() error {
	return func() error {
		engine := labtest.Client(h, h.node.Host)
		list, err := engine.ContainerList(h.Context(), container.ListOptions{All: true})
		if err != nil {
			return err
		}
		var found []string
		for _, c := range list {
			if root := c.Labels[desired.LabelWindow]; root != "" {
				found = append(found, root)
			}
		}
		slices.Sort(found)
		if !slices.Equal(found, roots) {
			return fmt.Errorf("the windows are %v, not %v", found, roots)
		}
		return nil
	}
}

// wrote checks the file that a container wrote.
func (h *house) wrote(path string, uid, gid int) func() error {
	return func() error { return h.expectOwner(path, h.root+uid, h.root+gid) }
}

func (h *house) at(path string) string { return filepath.Join(h.node.Root, path) }

func (h *house) must(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

func (h *house) mkdir(path string, uid, gid int, mode fs.FileMode) {
	h.must(os.Mkdir(h.at(path), 0o755))
	h.must(os.Chown(h.at(path), uid, gid))
	h.must(os.Chmod(h.at(path), mode))
}

func (h *house) write(path, content string, uid, gid int, mode fs.FileMode) {
	h.must(os.WriteFile(h.at(path), []byte(content), 0o600))
	h.must(os.Chown(h.at(path), uid, gid))
	h.must(os.Chmod(h.at(path), mode))
}

func (h *house) expect(path string, uid, gid int, mode fs.FileMode) error {
	info, err := os.Lstat(h.at(path))
	if err != nil {
		return err
	}
	if info.Mode() != mode|fs.ModeDir {
		return fmt.Errorf("%s has mode %s, not %s", path, info.Mode(), mode|fs.ModeDir)
	}
	return h.expectOwner(path, uid, gid)
}

func (h *house) expectOwner(path string, uid, gid int) error {
	info, err := os.Lstat(h.at(path))
	if err != nil {
		return err
	}
	if stat := info.Sys().(*syscall.Stat_t); int(stat.Uid) != uid || int(stat.Gid) != gid {
		return fmt.Errorf("%s belongs to %d:%d on the node, not %d:%d", path, stat.Uid, stat.Gid, uid, gid)
	}
	return nil
}

// below describes all that lies in a directory, and when the directory changed.
func (h *house) below(dir string) string {
	var b strings.Builder
	h.must(filepath.WalkDir(h.at(dir), func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := os.Lstat(path)
		if err != nil {
			return err
		}
		stat := info.Sys().(*syscall.Stat_t)
		if path == h.at(dir) {
			fmt.Fprintf(&b, "inode %d, modified %s\n", stat.Ino, info.ModTime().Truncate(time.Second))
			return nil
		}
		fmt.Fprintf(&b, "%s %s %d:%d %d bytes inode %d modified %s changed %d.%d\n", path, info.Mode(), stat.Uid, stat.Gid, stat.Size, stat.Ino, info.ModTime(), stat.Ctim.Sec, stat.Ctim.Nsec)
		return nil
	}))
	return b.String()
}
