package plan_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/check"
	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
)

// versionOf is a version of the secret db with a value.
func versionOf(t *testing.T, number int, value string, users ...observed.SecretUser) observed.SecretVersion {
	t.Helper()
	check, err := desired.NewSecretCheck([]byte(value))
	if err != nil {
		t.Fatal(err)
	}
	s := desired.Secret{Name: "db", Mode: 0o400}
	return observed.SecretVersion{Secret: s, Version: number, Volume: s.Volume(number), Check: check, Made: plan.SecretGiven, Users: users}
}

func TestSecret_EachDifference_IsAnotherVersionWithItsReason(t *testing.T) {
	want := desired.Secret{Name: "db", Mode: 0o400}
	have := &observed.Secret{Name: "db", Shown: 3, Versions: []observed.SecretVersion{versionOf(t, 3, "now"), versionOf(t, 5, "left by an interrupted apply")}}
	for name, c := range map[string]struct {
		want   desired.Secret
		opts   plan.SecretOptions
		reason string
		keep   bool
	}{
		"the same":        {want, plan.SecretOptions{Value: []byte("now")}, "", false},
		"not known":       {want, plan.SecretOptions{}, "", false},
		"another value":   {want, plan.SecretOptions{Value: []byte("other")}, "the value changed", false},
		"another mode":    {desired.Secret{Name: "db", Mode: 0o440}, plan.SecretOptions{Value: []byte("now")}, "the owner or mode changed", true},
		"both":            {desired.Secret{Name: "db", Mode: 0o440}, plan.SecretOptions{Value: []byte("other")}, "the value changed", false},
		"owner by hand":   {want, plan.SecretOptions{Value: []byte("now"), Altered: true}, "the owner or mode was changed on the node", true},
		"content by hand": {want, plan.SecretOptions{Value: []byte("now"), Edited: "edited"}, "edited", false},
		"keepers":         {want, plan.SecretOptions{Value: []byte("now"), Rotate: "keepers"}, "keepers", false},
		"generated now":   {want, plan.SecretOptions{Made: plan.SecretGenerated}, "a value is generated from now on", false},
	} {
		t.Run(name, func(t *testing.T) {
			if c.opts.Adopt = true; c.opts.Made == "" {
				c.opts.Made = plan.SecretGiven
			}
			got := plan.Secret(c.want, have, c.opts)
			version := 3
			if c.reason != "" {
				version = 6 // that of the interrupted apply is not written to again
			}
			if got.Reason != c.reason || got.Keep != c.keep || got.Version != version || got.Write != (c.reason != "") || len(got.Problems) > 0 {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestSecret_SomebodyElses_IsRefused(t *testing.T) {
	want := desired.Secret{Name: "db", Mode: 0o400}
	have := &observed.Secret{Name: "db", Versions: []observed.SecretVersion{versionOf(t, 2, "now")}}
	for name, opts := range map[string]plan.SecretOptions{"the same value": {Value: []byte("now"), Made: plan.SecretGiven}, "another value": {Value: []byte("other")}, "not known": {}, "generated": {Made: plan.SecretGenerated}} {
		if got := plan.Secret(want, have, opts); len(got.Problems) != 1 || !got.Problems[0].Foreign {
			t.Errorf("%s: got %+v", name, got)
		}
	}
	if got := plan.Secret(want, &observed.Secret{Name: "db"}, plan.SecretOptions{}); !got.Write || got.Version != 1 || got.Reason != "" {
		t.Errorf("none: got %+v", got)
	}
}

func TestSecretInUse_NamesEveryUserOnce(t *testing.T) {
	web := observed.SecretUser{Container: "m-web-1", Stack: "m", Service: "web", Running: true}
	hand := observed.SecretUser{Container: "hand"}
	have := &observed.Secret{Name: "db", Versions: []observed.SecretVersion{versionOf(t, 1, "a", web, web), versionOf(t, 2, "b", hand)}}
	problems := plan.SecretInUse(have)
	const says = `Secret "db" is used by container hand, stopped; service "web" of stack "m" (container m-web-1).`
	if len(problems) != 1 || problems[0].Detail != says {
		t.Errorf("got %+v", problems)
	}
	if got := have.Superseded(); len(got) != 0 {
		t.Errorf("what is mounted is not superseded: %v", got)
	}
}

// usesSecret is a stack whose service uses the secret db of the node.
func usesSecret(use desired.NodeSecret) *desired.Stack {
	use.Name = "db"
	return &desired.Stack{Name: stackName, Services: map[string]desired.Service{"web": {Name: "web", Replicas: 1, Image: desired.Image{Reference: "web:1"},
		Files: []desired.File{{Kind: desired.FileSecret, Name: "db", Target: "/run/secrets/db", Secret: &use}}}}}
}

func TestBuild_NodeSecret_IsWhatTheRunMakesOfIt(t *testing.T) {
	uid := 7
	there := map[string]*observed.Secret{"db": {Name: "db", Shown: 1, Versions: []observed.SecretVersion{versionOf(t, 1, "a"), versionOf(t, 2, "b")}}}
	reservation := func(version int, leaves bool) map[string]plan.PlannedSecret {
		return map[string]plan.PlannedSecret{"db": {Secret: desired.Secret{Name: "db", UID: 7, Mode: 0o400}, Version: version, Leaves: leaves}}
	}
	undecided := map[string]plan.PlannedSecret{"db": {Secret: desired.Secret{Name: "db"}, Undecided: true, NoOwner: true}}
	for name, c := range map[string]struct {
		rotated          bool
		use              desired.NodeSecret
		have             map[string]*observed.Secret
		reservations     map[string]plan.PlannedSecret
		version          int
		missing, problem string
	}{
		"in force":           {have: there, version: 1},
		"about to rotate":    {have: there, reservations: reservation(3, false), version: 3},
		"about to be made":   {reservations: reservation(1, false), version: 1},
		"about to go":        {have: there, reservations: reservation(0, true), missing: "the node has none of that name"},
		"undecided, there":   {use: desired.NodeSecret{UID: &uid}, have: there, reservations: undecided, version: 1},
		"undecided, rotated": {have: there, reservations: undecided, rotated: true, version: 3},
		"undecided, new":     {reservations: undecided, rotated: true, version: 1},
		"nowhere":            {missing: "the node has none of that name"},
		"mounted, old":       {use: desired.NodeSecret{Version: 2}, have: there, version: 2},
		"mounted, unheard":   {use: desired.NodeSecret{Version: 9}, have: there, missing: "mounts version 9"},
		"the owner it has":   {use: desired.NodeSecret{UID: &uid}, reservations: reservation(1, false), version: 1},
		"another owner":      {use: desired.NodeSecret{UID: &uid}, have: there, version: 1, problem: "has uid 0, not 7"},
		"mounted, of a plan": {use: desired.NodeSecret{Version: 3}, have: there, reservations: reservation(3, false), version: 3},
	} {
		t.Run(name, func(t *testing.T) {
			e := newEngine()
			e.registry["web:1"] = image("web:1", 1)
			have := e.observe(stackName)
			have.Secrets = c.have
			p := plan.Build(usesSecret(c.use), have, plan.Options{Secrets: c.reservations, Rotated: c.rotated})
			got := p.Placements["web"]["/run/secrets/db"]
			if got.Version != c.version || c.version > 0 && got.Volume != (desired.Secret{Name: "db"}).Volume(c.version) {
				t.Errorf("got version %d of %q, not %d", got.Version, got.Volume, c.version)
			}
			requireDetail(t, "missing", p.Missing, c.missing)
			requireDetail(t, "problems", p.Problems, c.problem)
			if text := p.String(); strings.Contains(text, "homelab_secret_") {
				t.Errorf("the stack writes to the secret:\n%s", text)
			}
		})
	}
}

func requireDetail(t *testing.T, what string, list []check.Problem, part string) {
	t.Helper()
	if part == "" && len(list) > 0 || part != "" && (len(list) != 1 || !strings.Contains(list[0].Detail, part)) {
		t.Errorf("%s: %+v", what, list)
	}
}

func TestSecret_KeptValue_IsTakenUpOrSaidToBeGivenUp(t *testing.T) {
	kept := func(made string) *observed.Secret {
		one := versionOf(t, 2, "kept")
		one.Made = made
		return &observed.Secret{Name: "db", Shown: 2, Window: "window", Kept: true, Versions: []observed.SecretVersion{one}}
	}
	want := desired.Secret{Name: "db", Mode: 0o400}
	for name, c := range map[string]struct {
		want desired.Secret
		made string // of the kept value
		opts plan.SecretOptions
		says plan.SecretPlan
	}{
		"generated": {want, plan.SecretGenerated, plan.SecretOptions{Made: plan.SecretGenerated}, plan.SecretPlan{Version: 2, TakesUp: true}},
		"another mode": {desired.Secret{Name: "db", Mode: 0o440}, plan.SecretGenerated, plan.SecretOptions{Made: plan.SecretGenerated},
			plan.SecretPlan{Version: 3, Write: true, Keep: true, Reason: "the owner or mode changed", TakesUp: true}},
		"does not fit": {want, plan.SecretGenerated, plan.SecretOptions{Made: plan.SecretGenerated, Unfit: true},
			plan.SecretPlan{Version: 3, Write: true, Reason: "the kept value does not match generate", GivesUp: true}},
		"edited": {want, plan.SecretGenerated, plan.SecretOptions{Made: plan.SecretGenerated, Edited: "edited"},
			plan.SecretPlan{Version: 3, Write: true, Reason: "edited", GivesUp: true}},
		"given now": {want, plan.SecretGenerated, plan.SecretOptions{Made: plan.SecretGiven, Value: []byte("other")},
			plan.SecretPlan{Version: 3, Write: true, Reason: "the value changed", GivesUp: true}},
		"given, the same": {want, plan.SecretGiven, plan.SecretOptions{Made: plan.SecretGiven, Value: []byte("kept")}, plan.SecretPlan{Version: 2, TakesUp: true}},
		"given, unknown":  {want, plan.SecretGiven, plan.SecretOptions{Made: plan.SecretGiven}, plan.SecretPlan{Version: 2, Undecided: true}},
		"generated now": {want, plan.SecretGiven, plan.SecretOptions{Made: plan.SecretGenerated},
			plan.SecretPlan{Version: 3, Write: true, Reason: "a value is generated from now on", GivesUp: true}},
	} {
		if got := plan.Secret(c.want, kept(c.made), c.opts); !reflect.DeepEqual(got, c.says) {
			t.Errorf("%s: got %+v, not %+v", name, got, c.says)
		}
	}
	yes, no := true, false
	if !plan.KeepsSecret(nil, kept(plan.SecretGenerated)) || plan.KeepsSecret(nil, kept(plan.SecretGiven)) ||
		!plan.KeepsSecret(&yes, kept(plan.SecretGiven)) || plan.KeepsSecret(&no, kept(plan.SecretGenerated)) || plan.KeepsSecret(&yes, &observed.Secret{}) {
		t.Error("what is kept is not what was asked for, or a generated value")
	}
}
