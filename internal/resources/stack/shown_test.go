package stack

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/homelab-iac/terraform-provider-homelab/internal/core"
	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

func TestShown_FreeTextThatNobodyAskedFor_IsHidden(t *testing.T) {
	s := newShown([]byte("salt"), []string{"environment.DB_*", "labels.traefik.*"})
	for key, hides := range map[string]bool{
		"environment.PW": true, "environment.TZ": false, "environment.LC_ALL": false, "environment.TZDATA": true, "environment.DB_HOST": false,
		"environment.PUID": false, "environment.OLD_DB_HOST": true, "command": true, "entrypoint": true, "healthcheck.test": true,
		"healthcheck.retries": false, "labels.traefik.enable": false, "labels.homepage.widget.key": true, "annotations.a": true,
		"logging.options.token": true, "logging.driver": false, "post_start.0.command": true, "post_start.0.environment.PW": true,
		"post_start.0.user": false, "image": false, "volumes./data": false, "ports.80/tcp": false, "user": false, "configs./app.conf": false,
	} {
		if got := s.hides(key); got != hides {
			t.Errorf("%s is hidden: %t, want %t", key, got, hides)
		}
	}
	if all := newShown(nil, []string{"*"}); all.hides("command") || all.hides("environment.PW") {
		t.Error(`"*" does not show all`)
	}
}

func TestShown_HiddenValue_IsTheSameTextUntilItChanges(t *testing.T) {
	s, other := newShown([]byte("salt"), nil), newShown([]byte("another"), nil)
	text := func(s shown, value string) string {
		got, known := s.text("environment.PW", value)
		if !known {
			t.Fatal("a salt is there and the value is unknown")
		}
		return got
	}
	first := text(s, "hunter2")
	if !alreadyHidden.MatchString(first) || strings.Contains(first, "hunter2") {
		t.Errorf("the value is shown as %q", first)
	}
	if text(s, "hunter2") != first || text(s, "hunter3") == first || text(other, "hunter2") == first {
		t.Error("the text does not follow value and salt")
	}
	for _, kept := range []string{first, "secret (version 2)", "set outside Terraform", "secret (version 1) | secret (version 2)"} {
		if got := text(s, kept); got != kept {
			t.Errorf("%q, which hides a value already, became %q", kept, got)
		}
	}
	if got := text(s, "secret (version 2) of mine"); strings.Contains(got, "mine") {
		t.Errorf("a value that only begins as a hidden one is shown as %q", got)
	}
}

func TestShown_WithoutASalt_HiddenValuesAreUnknown(t *testing.T) {
	view := core.View{Services: map[string]core.Service{"web": {Unknown: []string{"secrets./run/x"}, Spec: map[string]string{
		"environment.PW": "hunter2", "environment.TZ": "UTC", "environment.KEY": "secret (version 1)", "command": "[\"run\"]", "secrets./run/x": ""}}}}
	got := newShown(nil, nil).view(view).Services["web"]
	want := map[string]string{"environment.PW": "", "environment.TZ": "UTC", "environment.KEY": "secret (version 1)", "command": "", "secrets./run/x": ""}
	if !reflect.DeepEqual(got.Spec, want) || !slices.Equal(got.Unknown, []string{"command", "environment.PW", "secrets./run/x"}) {
		t.Errorf("got %v, unknown %v", got.Spec, got.Unknown)
	}
	if view.Services["web"].Spec["environment.PW"] != "hunter2" || len(view.Services["web"].Unknown) != 1 {
		t.Error("the given view was changed")
	}
}

// A first plan knows no salt; a network's hidden values cannot be known either, or applying
// would say something else than the plan.
func TestShown_WithoutASalt_HiddenValuesOfNetworksAreUnknown(t *testing.T) {
	view := newShown(nil, nil).view(core.View{Networks: map[string]core.Network{
		"front": {Name: "front", Spec: map[string]string{"labels.a": "b", "attachable": "true"}}}})
	front := view.Networks["front"]
	if !slices.Equal(front.Unknown, []string{"labels.a"}) || front.Spec["attachable"] != "true" {
		t.Errorf("the network is shown as %+v", front)
	}
	_, values, _ := planned(t, &plans{m: model{view: view}, missing: unknown})
	var networks, network, spec map[string]tftypes.Value
	if err := values["networks"].As(&networks); err != nil {
		t.Fatal(err)
	}
	if err := networks["front"].As(&network); err != nil {
		t.Fatal(err)
	}
	if err := network["spec"].As(&spec); err != nil {
		t.Fatal(err)
	}
	if spec["labels.a"].IsKnown() || !spec["attachable"].IsKnown() {
		t.Errorf("Terraform is told %v", spec)
	}
}

func TestShown_Differences_NameTheFieldWithoutItsHiddenValues(t *testing.T) {
	changes := []core.Change{{Subject: "service web/1", Causes: []core.Difference{
		{Field: "environment.PW", Old: "hunter2", New: "hunter3"}, {Field: "restart", Old: "", New: "always"}}}}
	const want = `service web/1 environment.PW (its values are not shown); service web/1 restart: "" -> "always"`
	if got := newShown(nil, nil).differences(changes); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestShown_Words_AreHiddenValuesThatNothingShows(t *testing.T) {
	want := &desired.Stack{Services: map[string]desired.Service{"web": {
		Image: desired.Image{Reference: "example.test/application:1"},
		Config: container.Config{WorkingDir: "/srv/folder", Env: []string{"PW=a-long-password", "DIR=/srv/folder", "SHORT=abc", "TZ=Europe/Madrid",
			"KEY=a-secret-value", "APP=application"}},
		Secret: map[string][]string{"environment.KEY": {"KEY"}},
	}}}
	got := newShown(nil, nil).redactions(want, map[string]string{"TOKEN": "a-long-token", "IMAGE": "example.test/application", "TZ": "Asia/Tokyo"})
	expected := []desired.Redaction{{Hidden: "a-long-password", Shown: "(environment PW)"}, {Hidden: "a-long-token", Shown: "(variable TOKEN)"}}
	if !reflect.DeepEqual(got, expected) {
		t.Errorf("got %v, want %v", got, expected)
	}
}
