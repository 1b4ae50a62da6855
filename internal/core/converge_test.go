package core

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/docker/docker/api/types/container"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
)

// home is a stack with an application and a secret in its environment.
func home() *desired.Stack {
	return &desired.Stack{Name: "home", Volumes: map[string]desired.Volume{},
		Networks: map[string]desired.Network{"default": {Key: "default", Name: "home_default"}},
		Services: map[string]desired.Service{"app": {Name: "app", Replicas: 1, Image: desired.Image{Reference: "app:1", Pull: desired.PullMissing},
			Config:   container.Config{Image: "app:1", Env: []string{"TZ=UTC", "PW=hunter2"}},
			Host:     container.HostConfig{NetworkMode: "home_default"},
			Secret:   map[string][]string{"environment.PW": {"pw"}},
			Networks: []desired.Attachment{{Network: "home_default"}}}}}
}

func edited(change func(*desired.Service)) *desired.Stack {
	w := home()
	s := w.Services["app"]
	change(&s)
	w.Services["app"] = s
	return w
}

// applied is a node that has the stack.
func applied(t *testing.T) (*Core, *fake, Record) {
	t.Helper()
	f := newFake()
	d := New(nodes{f}, registry{"app:1": "sha256:digest-1"})
	view, record, err := apply(t, d, home(), Record{}, ApplyOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if s := view.Services["app"]; *s.State != "running" || *s.Digest != "sha256:digest-1" || s.Spec["environment.PW"] != "secret (version 1)" {
		t.Fatalf("service: %+v", s)
	}
	return d, f, record
}

// apply applies under a clock of its own: waiting takes no time.
func apply(t *testing.T, d *Core, w *desired.Stack, record Record, opts ApplyOptions) (view View, after Record, err error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { view, after, err = d.Stacks().Apply(t.Context(), "nas", w, record, opts) })
	return view, after, err
}

// only returns the only container.
func only(t *testing.T, f *fake) *container.InspectResponse {
	t.Helper()
	for _, c := range f.Containers {
		return c
	}
	t.Fatal("no container")
	return nil
}

func TestRead_SeveralStacks_ShareOneSnapshot(t *testing.T) {
	f := newFake()
	d := New(nodes{f}, registry{})
	var group sync.WaitGroup
	for range 5 {
		group.Go(func() {
			if _, _, err := d.Stacks().Read(t.Context(), "nas", "home", Record{}, View{}); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if n := f.Count("list containers"); n != 1 {
		t.Errorf("listed %d times", n)
	}
}

func TestRead_AfterAWrite_ReadsAgain(t *testing.T) {
	d, f, record := applied(t)
	before := f.Count("list containers")
	for range 2 {
		if _, exists, err := d.Stacks().Read(t.Context(), "nas", "home", record, View{}); err != nil || !exists {
			t.Fatal(exists, err)
		}
	}
	if n := f.Count("list containers") - before; n != 1 {
		t.Errorf("listed %d times", n)
	}
}

// Two stacks of a node are applied at once: what one began to read before the
// other wrote must not pass for what is there after.
func TestSnapshot_WrittenWhileItIsRead_IsNotKept(t *testing.T) {
	f := newFake()
	d := New(nodes{f}, registry{})
	f.Listing = func() { d.stacks.forget("nas") }
	if _, _, err := d.Stacks().Read(t.Context(), "nas", "home", Record{}, View{}); err != nil {
		t.Fatal(err)
	}
	f.Listing = nil
	if _, _, err := d.Stacks().Read(t.Context(), "nas", "home", Record{}, View{}); err != nil {
		t.Fatal(err)
	}
	if n := f.Count("list containers"); n != 2 {
		t.Errorf("listed %d times", n)
	}
}

func TestPreview_NothingChanged_IsEmptyAndWritesNothing(t *testing.T) {
	d, f, record := applied(t)
	before := f.Writes()
	p, err := d.Stacks().Preview(t.Context(), "nas", home(), record, PreviewOptions{})
	if err != nil || !p.Empty() || len(p.Changes) != 0 || f.Writes() != before {
		t.Errorf("preview: %+v, error: %v", p, err)
	}
	if *p.After.Services["app"].State != "running" || *p.After.Services["app"].Digest != "sha256:digest-1" {
		t.Errorf("after: %+v", p.After.Services["app"])
	}
}

func TestPreview_RegistryDoesNotAnswer_WarnsAndKeepsTheNodesDigest(t *testing.T) {
	_, f, record := applied(t)
	d := New(nodes{f}, registry{})
	w := edited(func(s *desired.Service) { s.Image.Pull = desired.PullDigest })
	p, err := d.Stacks().Preview(t.Context(), "nas", w, record, PreviewOptions{})
	if err != nil || !p.Empty() || *p.After.Services["app"].Digest != "sha256:digest-1" {
		t.Errorf("preview: %+v, error: %v", p, err)
	}
	if len(p.Warnings) != 1 || !strings.Contains(p.Warnings[0], "the registry does not answer") {
		t.Errorf("warnings: %q", p.Warnings)
	}
}

func TestPreview_TagMovedInRegistry_ShowsTheNewDigest(t *testing.T) {
	_, f, record := applied(t)
	d := New(nodes{f}, registry{"app:1": "sha256:digest-2"})
	w := edited(func(s *desired.Service) { s.Image.Pull = desired.PullDigest })
	p, err := d.Stacks().Preview(t.Context(), "nas", w, record, PreviewOptions{})
	if err != nil || len(p.Changes) != 1 || p.Changes[0].Identity() != "recreate service app/1" || *p.After.Services["app"].Digest != "sha256:digest-2" {
		t.Errorf("preview: %+v, error: %v", p, err)
	}
}

func TestApply_NodeChangedSinceThePlan_RefusesAndWritesNothing(t *testing.T) {
	d, f, record := applied(t)
	before := f.Writes()
	only(t, f).State.Status = container.StatePaused
	_, after, err := apply(t, d, home(), record, ApplyOptions{Planned: []string{}})
	var changed *ChangedError
	if !errors.As(err, &changed) || !slices.Equal(changed.Changes, []string{"unpause service app/1"}) {
		t.Errorf("error: %v", err)
	}
	if f.Writes() != before || !reflect.DeepEqual(after, record) {
		t.Error("something was written or remembered")
	}
}

func TestApply_EngineHasSomethingElseAfterwards_SaysInWhat(t *testing.T) {
	f := newFake()
	f.Starting = func(c *container.InspectResponse) { c.Config.Env = append(c.Config.Env, "ADDED=x") }
	_, _, err := apply(t, New(nodes{f}, registry{}), home(), Record{}, ApplyOptions{})
	var diverged *DivergedError
	if !errors.As(err, &diverged) || !strings.Contains(err.Error(), `service app/1 environment.ADDED: "x" -> ""`) {
		t.Errorf("error: %v", err)
	}
}

func TestApply_RolledBack_RemembersWhatWasBefore(t *testing.T) {
	d, f, record := applied(t)
	f.Starting = func(c *container.InspectResponse) {
		if slices.Contains(c.Config.Env, "BROKEN=1") {
			c.State = &container.State{Status: container.StateExited, ExitCode: 1}
		}
	}
	w := edited(func(s *desired.Service) { s.Config.Env = append(s.Config.Env, "BROKEN=1") })
	view, after, err := apply(t, d, w, record, ApplyOptions{Rollback: true})
	var failed *Error
	if !errors.As(err, &failed) || !failed.RolledBack || failed.RollbackErr != nil || !reflect.DeepEqual(after, record) {
		t.Errorf("error: %+v", err)
	}
	if s := view.Services["app"]; s.State == nil || *s.State != "running" || s.Spec["environment.BROKEN"] != "" || s.Replicas != 1 {
		t.Errorf("service: %+v", s)
	}
	if p, err := d.Stacks().Preview(t.Context(), "nas", home(), after, PreviewOptions{}); err != nil || !p.Empty() {
		t.Errorf("the former stack is not as it was: %v, %v", p.Changes, err)
	}
}

func TestApply_Twice_DoesNothingTheSecondTime(t *testing.T) {
	d, f, record := applied(t)
	before := f.Writes()
	if _, _, err := apply(t, d, home(), record, ApplyOptions{Planned: []string{}}); err != nil || f.Writes() != before {
		t.Errorf("%d writes, error: %v", f.Writes()-before, err)
	}
}

func TestApply_ForeignProject_IsRefusedWithItsProblem(t *testing.T) {
	_, f, _ := applied(t)
	delete(only(t, f).Config.Labels, desired.LabelStack)
	for name, n := range f.Networks {
		n.Labels = map[string]string{desired.LabelProject: "home"}
		f.Networks[name] = n
	}
	_, _, err := apply(t, New(nodes{f}, registry{}), home(), Record{}, ApplyOptions{})
	var problems *ProblemsError
	if !errors.As(err, &problems) {
		t.Errorf("error: %v", err)
	}
}

func TestRead_EnvironmentAddedByHand_IsShownWithoutItsValue(t *testing.T) {
	d, f, record := applied(t)
	c := only(t, f)
	c.Config.Env = append(c.Config.Env, "TOKEN=s3cret")
	view, _, err := d.Stacks().Read(t.Context(), "nas", "home", record, View{})
	if err != nil {
		t.Fatal(err)
	}
	spec := view.Services["app"].Spec
	if spec["environment.TOKEN"] != "set outside Terraform" || spec["environment.TZ"] != "UTC" || spec["environment.PW"] != "secret (version 1)" {
		t.Errorf("spec: %v", spec)
	}
}

func TestRead_ServiceMissing_KeepsWhatWasLastSeen(t *testing.T) {
	d, f, record := applied(t)
	last, _, err := d.Stacks().Read(t.Context(), "nas", "home", record, View{})
	if err != nil {
		t.Fatal(err)
	}
	clear(f.Containers)
	d.stacks.forget("nas")
	view, exists, err := d.Stacks().Read(t.Context(), "nas", "home", record, last)
	s := view.Services["app"]
	if err != nil || !exists || *s.State != "missing" || s.Replicas != 0 || s.Image != "app:1" || s.Spec["environment.TZ"] != "UTC" {
		t.Errorf("service: %+v, exists %t, error %v", s, exists, err)
	}
}

func TestRead_NothingLeft_DoesNotExist(t *testing.T) {
	d, f, record := applied(t)
	clear(f.Containers)
	clear(f.Networks)
	if _, exists, err := d.Stacks().Read(t.Context(), "nas", "home", record, View{}); err != nil || exists {
		t.Errorf("exists %t, error %v", exists, err)
	}
}

func TestRead_WithoutMemory_ShowsNoValueThatMayBeSecret(t *testing.T) {
	d, _, _ := applied(t)
	view, exists, err := d.Stacks().Read(t.Context(), "nas", "home", Record{}, View{})
	if err != nil || !exists {
		t.Fatal(exists, err)
	}
	for key, value := range view.Services["app"].Spec {
		if strings.HasPrefix(key, "environment.") || strings.Contains(value, "hunter2") {
			t.Errorf("%s: %q", key, value)
		}
	}
	if _, ok := view.Networks["default"]; !ok {
		t.Errorf("networks: %v", view.Networks)
	}
}

func TestRead_WithoutMemory_ShowsNothingThatEnginesFillIn(t *testing.T) {
	d, f, _ := applied(t)
	host := only(t, f).HostConfig
	host.CgroupnsMode, host.LogConfig, host.Runtime, host.ReadonlyRootfs = "host", container.LogConfig{Type: "json-file"}, "crun", true
	host.NetworkMode, only(t, f).Config.Hostname = "container:0123456789ab", "another"
	view, _, err := d.Stacks().Read(t.Context(), "nas", "home", Record{}, View{})
	if err != nil {
		t.Fatal(err)
	}
	for key := range view.Services["app"].Spec {
		if key != "read_only" && key != "network_mode" {
			t.Errorf("shows %s", key)
		}
	}
}

func TestApply_SameImageByAnotherReference_KeepsTheContainersAsPlanned(t *testing.T) {
	d, f, record := applied(t)
	f.Images["app:old"] = f.Images["app:1"]
	only(t, f).Config.Image = "app:old"
	if err := f.ContainerStop(t.Context(), only(t, f).ID, container.StopOptions{}); err != nil { // something is to be done
		t.Fatal(err)
	}
	preview, err := d.Stacks().Preview(t.Context(), "nas", home(), record, PreviewOptions{})
	if err != nil || !preview.Changed["app"] {
		t.Fatal(preview.Changes, err)
	}
	view, _, err := apply(t, d, home(), record, ApplyOptions{})
	if err != nil {
		t.Fatal(err)
	}
	planned, now := preview.After.Services["app"], view.Services["app"]
	if planned.Image != "app:old" || now.Image != planned.Image || *now.Digest != *planned.Digest {
		t.Errorf("planned %s %s, applied %s %s", planned.Image, *planned.Digest, now.Image, *now.Digest)
	}
}

func TestMemory_JSON_RoundTripsAndHoldsNoSecret(t *testing.T) {
	_, _, record := applied(t)
	text, err := json.Marshal(record)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "hunter2") {
		t.Errorf("memory: %s", text)
	}
	var back Record
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	again, err := json.Marshal(back)
	if err != nil || string(again) != string(text) {
		t.Errorf("memory %s, after a round trip %s", text, again)
	}
	if !slices.Contains(back.AppliedFields["app"], "environment.TZ") || !slices.Equal(back.Secret["app"], []string{"environment.PW"}) || back.Networks["default"] != "home_default" {
		t.Errorf("memory: %+v", back)
	}
}

// What is remembered as empty differs from what is not remembered at all, as
// after an import; state passes through JSON in between.
func TestMemory_HooksThatWereTakenOver_AreChecksAndNotTexts(t *testing.T) {
	w := edited(func(s *desired.Service) {
		s.Hooks = &desired.Hooks{PostStart: []desired.Hook{{Command: []string{"echo", "hunter3"}, User: "app", Environment: []string{"KEY=hunter4"}}}}
	})
	have := &observed.Stack{Services: map[string][]observed.Container{"app": {{Service: "app", Number: 1, ID: "0123456789abcdef", Name: "home-app-1", State: observed.Running}}}}
	decision := plan.DecideStack(plan.StackInput{Want: w, Have: have, Adopt: true})
	record, err := decision.Remember(Record{}, have)
	if err != nil {
		t.Fatal(err)
	}
	accepted := record.Accepted
	fields := accepted["app"]
	if text := fmt.Sprint(fields); strings.Contains(text, "hunter") || fields["post_start.0.user"] != "app" || len(fields) != 3 {
		t.Errorf("remembered is %s", text)
	}
	again, err := decision.Remember(record, have)
	if err != nil || !reflect.DeepEqual(again.Accepted, accepted) {
		t.Errorf("noted again it is %v (%v), before it was %v", again.Accepted, err, accepted)
	}
	p := plan.Build(w, have, plan.Options{Adopt: true, Accepted: accepted})
	changed := edited(func(s *desired.Service) {
		s.Hooks = &desired.Hooks{PostStart: []desired.Hook{{Command: []string{"echo", "hunter5"}, User: "app", Environment: []string{"KEY=hunter4"}}}}
	})
	q := plan.Build(changed, have, plan.Options{Adopt: true, Accepted: accepted})
	if strings.Contains(p.String(), "post_start") || !strings.Contains(q.String(), "because post_start.0.command") {
		t.Errorf("the same hooks:\n%s\nother hooks:\n%s", p, q)
	}
}

func TestMemory_OfAStackWithoutAnything_IsNotThatOfAnImport(t *testing.T) {
	f := newFake()
	d := New(nodes{f}, registry{})
	empty := &desired.Stack{Name: "home"}
	_, record, err := apply(t, d, empty, Record{}, ApplyOptions{})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(record)
	if err != nil {
		t.Fatal(err)
	}
	var back Record
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if _, exists, err := d.Stacks().Read(t.Context(), "nas", "home", back, View{}); err != nil || !exists {
		t.Errorf("exists %t, error %v: memory %s", exists, err, text)
	}
}

func TestDestroy_Stack_LeavesNothingAndIsDoneWhenNothingIsThere(t *testing.T) {
	d, f, _ := applied(t)
	for range 2 {
		if err := d.Stacks().Destroy(t.Context(), "nas", "home", DestroyOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	if len(f.Containers)+len(f.Networks) > 0 {
		t.Errorf("left: %v %v", f.Containers, f.Networks)
	}
}

// vanishing gives access to its engine until something was written there.
type vanishing struct{ engine *fake }

func (v *vanishing) Engine(context.Context, string) (Engine, error) {
	if v.engine.Writes() > 0 {
		return nil, errors.New("no route to host")
	}
	return v.engine, nil
}

func TestApply_NodeLostAfterTheWrites_DoesNotPassForNothingWritten(t *testing.T) {
	f := newFake()
	view, record, err := apply(t, New(&vanishing{f}, registry{}), home(), Record{}, ApplyOptions{})
	if err == nil || f.Writes() == 0 {
		t.Fatalf("error %v after %d writes", err, f.Writes())
	}
	if view.Services == nil || record.AppliedFields == nil {
		t.Errorf("view %+v and memory %+v say that there is nothing to remember", view, record)
	}
}

func TestDoor_Slots_AreSharedByTheStacksOfANode(t *testing.T) {
	d := New(nodes{newFake()}, registry{})
	first := d.stacks.slotsOf("a")
	if d.stacks.slotsOf("a") != first || d.stacks.slotsOf("b") == first {
		t.Error("operations on a node are not bounded together")
	}
}
