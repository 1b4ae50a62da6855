package desired

import (
	"reflect"
	"strings"
	"testing"
)

func withHooks() *Service {
	return &Service{Name: "web", Hooks: &Hooks{
		PreStart:  []Hook{{Image: "busybox", User: "7"}},
		PostStart: []Hook{{Command: []string{"sh", "-c", "a <b>"}, WorkingDir: "/w", Environment: []string{"A", "B=1=2"}}, {Command: []string{"two"}, Privileged: true}},
		PreStop:   []Hook{{Command: []string{"bye", "hunter2"}}},
	}}
}

func TestSpec_Hooks_AreFieldsCountedFromZero(t *testing.T) {
	spec := withHooks().Spec(nil)
	for key, want := range map[string]string{
		"pre_start.0.command": "(the image's)", "pre_start.0.image": "busybox", "pre_start.0.user": "7",
		"post_start.0.command": `["sh","-c","a <b>"]`, "post_start.0.working_dir": "/w", "post_start.0.environment.A": "(not set)",
		"post_start.0.environment.B": "1=2", "post_start.1.command": `["two"]`, "post_start.1.privileged": "true", "pre_stop.0.command": `["bye","hunter2"]`,
	} {
		if spec[key] != want || !IsHook(key) {
			t.Errorf("%s is %q, want %q", key, spec[key], want)
		}
	}
}

func TestHookLabel_ReadBack_IsTheSameHooks(t *testing.T) {
	s := withHooks()
	label, err := s.HookLabel()
	if err != nil {
		t.Fatal(err)
	}
	got, complete := ReadHookLabel(label).Hooks()
	if !complete || !reflect.DeepEqual(got, *s.Hooks) {
		t.Errorf("%+v, %t", got, complete)
	}
	if spec := ReadHookLabel(label).Spec(); !reflect.DeepEqual(spec, s.Spec(nil)) {
		t.Errorf("%v", spec)
	}
}

func TestHookLabel_SecretField_HoldsASlowHashOnly(t *testing.T) {
	s := withHooks()
	s.Secret = map[string][]string{"pre_stop.0.command": {"password"}}
	label, err := s.HookLabel()
	if err != nil || strings.Contains(label, "hunter2") {
		t.Fatalf("%v: %s", err, label)
	}
	record := ReadHookLabel(label)
	if _, complete := record.Hooks(); complete {
		t.Error("hooks with an unknown secret count as known")
	}
	if !record.Secret["pre_stop.0.command"].Matches([]byte(s.Spec(nil)["pre_stop.0.command"])) {
		t.Error("the check does not match")
	}
}

func TestHash_ChangedHook_Differs(t *testing.T) {
	changed := withHooks()
	changed.Hooks.PreStop[0].User = "root"
	if withHooks().Hash() == changed.Hash() {
		t.Error("the same hash")
	}
}

func TestReadHookLabel_NotOurs_MeansNone(t *testing.T) {
	for _, label := range []string{"", "x", "[]", `{"fields":{"post_start.0.command":"x"}}`} {
		hooks, _ := ReadHookLabel(label).Hooks()
		for _, h := range hooks.PostStart {
			if h.Command != nil {
				t.Errorf("%q: %v", label, h)
			}
		}
	}
}
