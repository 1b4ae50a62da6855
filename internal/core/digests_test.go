package core

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
)

// slow is a registry that takes a second for each answer and counts them.
type slow struct {
	registry
	mu    sync.Mutex // guards asked
	asked []string
}

func (s *slow) Digest(ctx context.Context, ref string) (string, error) {
	s.mu.Lock()
	s.asked = append(s.asked, ref)
	s.mu.Unlock()
	time.Sleep(time.Second)
	return s.registry.Digest(ctx, ref)
}

// following is a stack of services that follow the digests of references.
func following(refs ...string) *desired.Stack {
	w := &desired.Stack{Name: "home", Services: map[string]desired.Service{}}
	for i, ref := range refs {
		name := fmt.Sprintf("s%d", i)
		w.Services[name] = desired.Service{Name: name, Replicas: 1, Image: desired.Image{Reference: ref, Pull: desired.PullDigest}}
	}
	return w
}

// resolved is a stack of services that run nowhere, with the digests that a registry
// tells, and what the plan warns of.
func resolved(ctx context.Context, r Registry, w *desired.Stack) (*desired.Stack, []string) {
	return resolvedBy(ctx, New(nodes{newFake()}, r), w)
}

func resolvedBy(ctx context.Context, c *Core, w *desired.Stack) (*desired.Stack, []string) {
	for name, s := range w.Services {
		s.Replicas = 0
		w.Services[name] = s
	}
	decision := c.stacks.decide(ctx, nil, plan.StackInput{Want: w, Have: &observed.Stack{Name: w.Name}})
	return decision.Want, decision.Warnings
}

func TestResolve_SeveralTags_AreAskedForAtOnceAndOnceEach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &slow{registry: registry{"a:1": "sha256:a", "b:1": "sha256:b"}}
		d := New(nodes{newFake()}, r)
		began := time.Now()
		for range 2 {
			want, warnings := resolvedBy(t.Context(), d, following("a:1", "b:1", "a:1", "away:1"))
			if want.Services["s0"].Image.Digest != "sha256:a" || want.Services["s1"].Image.Digest != "sha256:b" || want.Services["s2"].Image.Digest != "sha256:a" {
				t.Errorf("services: %+v", want.Services)
			}
			if len(warnings) != 1 || !strings.Contains(warnings[0], "image away:1 could not be looked up, so the one on the node stays") {
				t.Errorf("warnings: %q", warnings)
			}
		}
		if took := time.Since(began); took != time.Second {
			t.Errorf("took %s", took)
		}
		slices.Sort(r.asked)
		if want := []string{"a:1", "away:1", "b:1"}; !slices.Equal(r.asked, want) {
			t.Errorf("asked for %q", r.asked)
		}
	})
}

func TestResolve_NoServiceFollowsADigest_AsksNoRegistry(t *testing.T) {
	r := &slow{registry: registry{}}
	w := following("a:1", "b:1", "c:1")
	for name, policy := range map[string]desired.PullPolicy{"s0": desired.PullMissing, "s1": desired.PullAlways, "s2": desired.PullNever} {
		s := w.Services[name]
		s.Image.Pull = policy
		w.Services[name] = s
	}
	if _, warnings := resolved(t.Context(), r, w); len(warnings) > 0 || len(r.asked) > 0 {
		t.Errorf("asked for %q, warned %q", r.asked, warnings)
	}
}

func TestResolve_CallerGivesUp_DoesNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		began := time.Now()
		_, warnings := resolved(ctx, &slow{registry: registry{}}, following("a:1"))
		if took := time.Since(began); took != time.Millisecond || len(warnings) != 1 {
			t.Errorf("took %s, warned %q", took, warnings)
		}
		synctest.Wait()
		time.Sleep(time.Second)
	})
}

// Terraform plans once more when it applies, in another process.
func TestPreview_TagMovesAfterTheStackWasRead_FindsTheSame(t *testing.T) {
	_, f, record := applied(t)
	w := edited(func(s *desired.Service) { s.Image.Pull = desired.PullDigest })
	record.Followed = map[string]Lookup{"app:1": {Digest: "sha256:digest-1"}}
	record = New(nodes{f}, registry{"app:1": "sha256:digest-2"}).Stacks().Follow(t.Context(), "nas", "home", record)
	p, err := New(nodes{f}, registry{"app:1": "sha256:digest-3"}).Stacks().Preview(t.Context(), "nas", w, record, PreviewOptions{Adopt: true})
	if err != nil || *p.After.Services["app"].Digest != "sha256:digest-2" || len(p.Warnings) > 0 {
		t.Errorf("preview: %+v, %v", p, err)
	}
}

func TestPreview_RegistryComesBackAfterTheStackWasRead_FindsTheSame(t *testing.T) {
	_, f, record := applied(t)
	w := edited(func(s *desired.Service) { s.Image.Pull = desired.PullDigest })
	record.Followed = map[string]Lookup{"app:1": {Digest: "sha256:digest-1"}}
	record = New(nodes{f}, registry{}).Stacks().Follow(t.Context(), "nas", "home", record)
	p, err := New(nodes{f}, registry{"app:1": "sha256:digest-3"}).Stacks().Preview(t.Context(), "nas", w, record, PreviewOptions{Adopt: true})
	if err != nil || !p.Empty() || len(p.Warnings) != 1 || !strings.Contains(p.Warnings[0], "the registry does not answer") {
		t.Errorf("preview: %+v, %v", p, err)
	}
}

func TestApply_ServiceFollowsADigest_IsRemembered(t *testing.T) {
	d, _, record := applied(t)
	if len(record.Followed) > 0 {
		t.Errorf("follows %v", record.Followed)
	}
	w := edited(func(s *desired.Service) { s.Image.Pull = desired.PullDigest })
	_, record, err := apply(t, d, w, record, ApplyOptions{Adopt: true})
	if err != nil || record.Followed["app:1"].Digest != "sha256:digest-1" {
		t.Errorf("follows %v, %v", record.Followed, err)
	}
}

// An image that was pulled by the digest of its platform is the same image.
func TestPreview_NodeHasThePlatformsDigest_IsNoChange(t *testing.T) {
	_, f, record := applied(t)
	d := New(nodes{f}, registry{"app:1": "sha256:index", "app:1 sha256:digest-1": "listed"})
	w := edited(func(s *desired.Service) { s.Image.Pull = desired.PullDigest })
	p, err := d.Stacks().Preview(t.Context(), "nas", w, record, PreviewOptions{Adopt: true})
	if err != nil || !p.Empty() || *p.After.Services["app"].Digest != "sha256:digest-1" {
		t.Errorf("preview: %+v, %v", p, err)
	}
}

// The same image may be in a registry more than once.
func TestPreview_OneOfSeveralDigestsIsTheRegistrys_IsNoChange(t *testing.T) {
	_, f, record := applied(t)
	img := f.Images["app:1"]
	img.RepoDigests = append(img.RepoDigests, "app@sha256:digest-2")
	f.Images["app:1"] = img
	d := New(nodes{f}, registry{"app:1": "sha256:digest-2"})
	w := edited(func(s *desired.Service) { s.Image.Pull = desired.PullDigest })
	p, err := d.Stacks().Preview(t.Context(), "nas", w, record, PreviewOptions{Adopt: true})
	if err != nil || !p.Empty() {
		t.Errorf("preview: %+v, %v", p, err)
	}
}

// Engines forget the digest of what was pulled through a mirror.
func TestPreview_NodeForgotTheDigest_ContainerKnowsIt(t *testing.T) {
	_, f, record := applied(t)
	img := f.Images["app:1"]
	img.RepoDigests = nil
	f.Images["app:1"] = img
	d := New(nodes{f}, registry{"app:1": "sha256:digest-1"})
	w := edited(func(s *desired.Service) { s.Image.Pull = desired.PullDigest })
	p, err := d.Stacks().Preview(t.Context(), "nas", w, record, PreviewOptions{Adopt: true})
	if err != nil || !p.Empty() || *p.After.Services["app"].Digest != "sha256:digest-1" {
		t.Errorf("preview: %+v, %v", p, err)
	}
	w = edited(func(s *desired.Service) { s.Config.Env = []string{"TZ=UTC", "PW=hunter2", "NEW=1"} })
	view, _, err := apply(t, d, w, record, ApplyOptions{Adopt: true})
	if err != nil || *view.Services["app"].Digest != "sha256:digest-1" {
		t.Errorf("recreated: %+v, %v", view.Services["app"], err)
	}
}

func TestPreview_TagGoneFromTheNodeAndMoved_IsSeen(t *testing.T) {
	_, f, record := applied(t)
	delete(f.Images, "app:1")
	d := New(nodes{f}, registry{"app:1": "sha256:digest-2"})
	w := edited(func(s *desired.Service) { s.Image.Pull = desired.PullDigest })
	p, err := d.Stacks().Preview(t.Context(), "nas", w, record, PreviewOptions{Adopt: true})
	if err != nil || len(p.Changes) != 1 || p.Changes[0].Causes[0].String() != `digest: "sha256:digest-1" -> "sha256:digest-2"` {
		t.Errorf("preview: %+v, %v", p, err)
	}
}

// A plan shows the ID of an image that no registry knows; that is nothing to pull.
func TestApply_PlannedDigestIsAnID_IsNotPulled(t *testing.T) {
	d, f, record := applied(t)
	w := edited(func(s *desired.Service) { s.Image.Pull = desired.PullDigest })
	before := f.Writes()
	if _, _, err := apply(t, d, w, record, ApplyOptions{Adopt: true, Digests: map[string]string{"app": "sha256:img-1"}}); err != nil {
		t.Fatal(err)
	}
	if f.Writes() != before {
		t.Error("something was written")
	}
}
