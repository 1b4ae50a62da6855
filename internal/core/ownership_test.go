package core

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

// previewed is a preview under a clock of its own.
func previewed(t *testing.T, d *Core, w *desired.Stack, opts PreviewOptions) (p Preview) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var err error
		if p, err = d.Stacks().Preview(t.Context(), "nas", w, Record{}, opts); err != nil {
			t.Fatal(err)
		}
	})
	return p
}

func TestCreate_StackOfAnotherState_WarnsIsRefusedAndWritesNothing(t *testing.T) {
	_, f, _ := applied(t)
	before := f.Writes()
	d := New(nodes{f}, registry{})
	if p := previewed(t, d, home(), PreviewOptions{}); len(p.Problems) > 0 || !strings.Contains(strings.Join(p.Warnings, "\n"), `Stack "home" is on the node already, with service "app"`) {
		t.Errorf("preview: %+v, %q", p.Problems, p.Warnings)
	}
	view, _, err := apply(t, d, home(), Record{}, ApplyOptions{})
	var refused *ProblemsError
	if !errors.As(err, &refused) || !refused.Problems[0].Owned || view.Services != nil {
		t.Errorf("apply: %v, %+v", err, view)
	}
	if f.Writes() != before {
		t.Error("something was written")
	}
}

// Terraform's end cancels what its provider is doing.
func TestCreate_CutOff_IsTakenUpByTheNextOne(t *testing.T) {
	f := newFake()
	d := New(nodes{f}, registry{"app:1": "sha256:digest-1"})
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		f.Starting = func(*container.InspectResponse) { cancel() }
		_, _, _ = d.Stacks().Apply(ctx, "nas", home(), Record{}, ApplyOptions{})
	})
	f.Starting = nil
	if len(f.Volumes) != 1 || len(f.Containers) != 1 {
		t.Fatalf("there are %v and %v", f.Volumes, f.Containers)
	}
	d = New(nodes{f}, registry{"app:1": "sha256:digest-1"})
	p := previewed(t, d, home(), PreviewOptions{})
	if len(p.Problems) > 0 || !strings.Contains(strings.Join(p.Warnings, "\n"), "was cut off") {
		t.Errorf("preview: %+v", p)
	}
	if _, _, err := apply(t, d, home(), Record{}, ApplyOptions{}); err != nil {
		t.Error(err)
	}
	if len(f.Volumes) != 0 || len(f.Containers) != 1 || f.Count("create container") != 1 {
		t.Errorf("there are %v and %v", f.Volumes, f.Containers)
	}
}

// A name goes from one resource to another: what is planned without a state is
// planned as if nothing were there, whichever of the two is planned first.
func TestPreview_StackLeavesInTheSameRun_IsPlannedAnewWithAWarning(t *testing.T) {
	_, f, _ := applied(t)
	var said []string
	for _, first := range []bool{true, false} {
		d := New(nodes{f}, registry{})
		if first {
			d.Stacks().Leave("nas", "home")
		}
		p := previewed(t, d, home(), PreviewOptions{})
		if len(p.Problems) > 0 || len(p.Changes) != 2 || !strings.Contains(strings.Join(p.Warnings, "\n"), "moved block") {
			t.Errorf("left first: %v, preview: %+v", first, p)
		}
		said = append(said, p.String()+strings.Join(p.Warnings, "\n"))
	}
	if said[0] != said[1] {
		t.Errorf("the plan depends on the order:\n%s\n%s", said[0], said[1])
	}
	d := New(nodes{f}, registry{})
	if p := previewed(t, d, home(), PreviewOptions{Leaving: "home"}); len(p.Problems)+len(p.Warnings) > 0 || len(p.Changes) != 2 {
		t.Errorf("replaced by itself: %+v", p)
	}
}

// While the destroy of the same name is under way, the create waits for its end.
func TestApply_StackLeavesMeanwhile_IsMadeAfterwards(t *testing.T) {
	_, f, _ := applied(t)
	was := only(t, f).ID
	synctest.Test(t, func(t *testing.T) {
		d := New(nodes{f}, registry{"app:1": "sha256:digest-1"})
		go func() {
			time.Sleep(time.Second) // Terraform starts both at once, in no order
			if err := d.Stacks().Destroy(t.Context(), "nas", "home", DestroyOptions{}); err != nil {
				t.Error(err)
			}
		}()
		if _, _, err := d.Stacks().Apply(t.Context(), "nas", home(), Record{}, ApplyOptions{}); err != nil {
			t.Error(err)
		}
	})
	if only(t, f).ID == was || len(f.Containers) != 1 || len(f.Volumes) != 0 {
		t.Errorf("there are %v and %v", f.Containers, f.Volumes)
	}
}

func TestPreview_TwoResourcesOfOneName_TheSecondIsRefused(t *testing.T) {
	d := New(nodes{newFake()}, registry{})
	for _, identity := range []string{"first", "first", ""} { // a replacement is planned twice
		if p := previewed(t, d, home(), PreviewOptions{Identity: identity}); len(p.Problems) > 0 {
			t.Errorf("%q: %+v", identity, p.Problems)
		}
	}
	p := previewed(t, d, home(), PreviewOptions{Identity: "second"})
	if len(p.Problems) != 1 || !strings.HasPrefix(p.Problems[0].Detail, `Two resources of this configuration are homelab_stack "home" on node "nas".`) {
		t.Errorf("second: %+v", p.Problems)
	}
	other := home()
	other.Name = "other"
	p = previewed(t, d, other, PreviewOptions{Identity: "second"})
	want := `The network "home_default" on node "nas" is made by homelab_stack "home" and by homelab_stack "other" of this configuration.`
	if len(p.Problems) != 1 || !strings.HasPrefix(p.Problems[0].Detail, want) {
		t.Errorf("another with its network: %+v", p.Problems)
	}
}

func TestPreview_AppliedInThisProcess_IsNoSecondResource(t *testing.T) {
	d := New(nodes{newFake()}, registry{})
	previewed(t, d, home(), PreviewOptions{Identity: "planned"})
	_, record, err := apply(t, d, home(), Record{}, ApplyOptions{})
	if err != nil {
		t.Fatal(err)
	}
	p, err := d.Stacks().Preview(t.Context(), "nas", home(), record, PreviewOptions{Adopt: true, Identity: "planned with the state"})
	if err != nil || len(p.Problems) > 0 || !p.Empty() {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestDestroy_RemoveVolumes_RemovesOnlyWhatIsDeclared(t *testing.T) {
	w := home()
	w.Volumes["data"] = desired.Volume{Key: "data", Name: "home_data"}
	f := newFake()
	d := New(nodes{f}, registry{})
	_, record, err := apply(t, d, w, Record{}, ApplyOptions{})
	if err != nil {
		t.Fatal(err)
	}
	old := f.Volumes["home_data"]
	old.Name, old.Labels = "home_old", map[string]string{desired.LabelProject: "home", desired.LabelVolume: "old"}
	f.Volumes["home_old"] = old
	opts := DestroyOptions{RemoveVolumes: true, Record: record}
	warnings, err := d.Stacks().PreviewDestroy(t.Context(), "nas", "home", opts)
	if err != nil || len(warnings) != 1 || !strings.Contains(warnings[0], `"home_old" stays`) {
		t.Errorf("warnings %q, error %v", warnings, err)
	}
	if err := d.Stacks().Destroy(t.Context(), "nas", "home", opts); err != nil {
		t.Fatal(err)
	}
	if _, stays := f.Volumes["home_old"]; !stays || len(f.Volumes) != 1 {
		t.Errorf("left: %v", f.Volumes)
	}
}

// What an apply keeps on the node is found by its label: the next apply of anything
// there gives it its name back, or removes it where another one has its place.
func TestTidy_RenamedHelper_IsFoundByTheNextApplyOfAnything(t *testing.T) {
	v := newVault()
	if _, err := v.create(t, "first"); err != nil {
		t.Fatal(err)
	}
	rename := func(to string) {
		for _, c := range v.Containers {
			c.Name = to
		}
	}
	rename("renamed")
	if err := New(v, registry{}).Networks().Destroy(t.Context(), "nas", "lan", nil); err != nil {
		t.Fatal(err)
	}
	if v.idOf("homelab-secret-db") == "homelab-secret-db" || len(v.Containers) != 1 {
		t.Fatalf("there are %v", v.Containers)
	}
	rename("renamed")
	if _, err := v.ContainerCreate(t.Context(), only(t, v.fake).Config, &container.HostConfig{}, &network.NetworkingConfig{}, nil, "homelab-secret-db"); err != nil {
		t.Fatal(err)
	}
	if err := New(v, registry{}).Networks().Destroy(t.Context(), "nas", "lan", nil); err != nil {
		t.Fatal(err)
	}
	if len(v.Containers) != 1 || only(t, v.fake).Name != "homelab-secret-db" {
		t.Errorf("there are %v", v.Containers)
	}
}

func TestDeclareDirectories_AnotherOwner_NamesBoth(t *testing.T) {
	d := New(nodes{newFake()}, registry{})
	media := func(uid int) []desired.Directory {
		mode := desired.Mode(0o750)
		return []desired.Directory{{Path: "/srv/media", UID: &uid, Mode: &mode}}
	}
	for _, identity := range []string{"first", "first", ""} {
		if problems := d.Nodes().DeclareDirectories("nas", identity, media(1000)); len(problems) > 0 {
			t.Errorf("%q: %+v", identity, problems)
		}
	}
	for _, fits := range [][]desired.Directory{media(1000), {{Path: "/srv/media"}}} {
		if problems := d.Nodes().DeclareDirectories("nas", "second", fits); len(problems) > 0 {
			t.Errorf("the same: %+v", problems)
		}
	}
	problems := d.Nodes().DeclareDirectories("nas", "third", media(1001))
	want := `Two homelab_node of this configuration have /srv/media on node "nas": this one with uid 1001, mode 0750, the other one with uid 1000, mode 0750.`
	if len(problems) != 1 || !strings.HasPrefix(problems[0].Detail, want) {
		t.Errorf("%+v", problems)
	}
	if problems := d.Nodes().DeclareDirectories("other", "third", media(1001)); len(problems) > 0 {
		t.Errorf("another node: %+v", problems)
	}
}

// What an apply made for a moment and left is removed by the next apply of anything,
// once no apply can need it any more.
func TestTidy_LeftOfAnApply_IsRemovedWhenOld(t *testing.T) {
	v := newVault()
	at := func(id, when string, labels map[string]string) container.Summary {
		created, err := time.Parse(time.RFC3339, when)
		if err != nil {
			t.Fatal(err)
		}
		return container.Summary{ID: id, Names: []string{"/" + id}, State: container.StateCreated, Created: created.Unix(), Labels: labels}
	}
	scratch := func(of string) map[string]string { return map[string]string{desired.LabelScratch: of} }
	running := at("running", "2026-01-01T00:00:00Z", scratch("home"))
	running.State = container.StateRunning
	v.fake.Others = []container.Summary{
		at("old", "2026-01-01T11:00:00Z", scratch("gone")), at("new", "2026-01-02T11:59:00Z", scratch("home")), running,
		at("note", "2026-01-01T00:00:00Z", scratch(desired.Secret{Name: "db"}.NoteName())),
		at("homelab-window-0123", "2026-01-01T00:00:00Z", map[string]string{desired.LabelWindow: "/srv"}),
		at("renamed", "2026-01-01T00:00:00Z", map[string]string{desired.LabelWindow: "/srv"}), at("only", "2026-01-01T00:00:00Z", map[string]string{desired.LabelWindow: "/data"}),
	}
	if err := New(v, registry{}).Networks().Destroy(t.Context(), "nas", "lan", nil); err != nil {
		t.Fatal(err)
	}
	var stay []string
	for _, c := range v.fake.Others {
		stay = append(stay, c.ID)
	}
	if want := []string{"new", "running", "note", "homelab-window-0123", "only"}; !slices.Equal(stay, want) {
		t.Errorf("%q stay, not %q", stay, want)
	}
}
