package compose

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

func TestLoad_UnknownSecret_IsMarkedWhereItReaches(t *testing.T) {
	stack := mustLoad(t, Input{Secrets: map[string]string{"KNOWN": "t0ken"}, Unknown: []string{"PW"}, Compose: `
		services:
			web:
				image: nginx
				environment: {A: "x-${PW}", B: "${KNOWN}", C: "${PW}${KNOWN}"}
				secrets: [pw, known]
				configs: [app]
			still: {image: nginx}
		secrets: {pw: {environment: PW}, known: {environment: KNOWN}}
		configs: {app: {content: "pw = ${PW}"}}`})
	web := stack.Services["web"]
	if want := map[string]bool{"environment.A": true, "environment.C": true}; !reflect.DeepEqual(web.Unknown, want) {
		t.Errorf("got  %v\nwant %v", web.Unknown, want)
	}
	unknown := map[string]bool{}
	for _, f := range web.Files {
		unknown[f.Target] = f.Unknown
	}
	if want := map[string]bool{"/run/secrets/pw": true, "/run/secrets/known": false, "/app": true}; !reflect.DeepEqual(unknown, want) {
		t.Errorf("got  %v\nwant %v", unknown, want)
	}
	if got := stack.Undecided(); !reflect.DeepEqual(got, []string{"web"}) {
		t.Errorf("undecided: %v", got)
	}
}

func TestLoad_UnknownSecret_HasTheHashesOfAKnownOne(t *testing.T) {
	load := func(in Input) desired.Service {
		in.Compose = webService("environment: {A: $PW}")
		return mustLoad(t, in).Services["web"]
	}
	known, unknown := load(Input{Secrets: map[string]string{"PW": "one"}}), load(Input{Unknown: []string{"PW"}})
	if known.ComposeHash.Sum(nil) != unknown.ComposeHash.Sum(nil) || known.Hash() != unknown.Hash() {
		t.Error("a hash depends on whether the secret is known")
	}
}

func TestLoad_UnknownNames_AreThoseWhereASecretMayBe(t *testing.T) {
	stack := mustLoad(t, Input{UnknownNames: true, Variables: map[string]string{"TZ": "UTC"}, Compose: `
		services:
			web:
				image: "nginx:${TAG:-1.29}"
				environment: {A: "${PW:?is missing}", TZ: "${TZ}", TAG: "${TAG:-1.29}", BARE: , N: "${ONE:-${TWO}}"}
				command: [serve, "${PW}"]
				secrets: [file]
			list:
				image: nginx
				environment: [NAMED, "OTHER=$PW"]
		secrets: {file: {environment: FROM}}`})
	want := map[string]map[string]bool{
		"web":  {"environment.A": true, "environment.BARE": true, "environment.N": true, "command": true},
		"list": {"environment.NAMED": true, "environment.OTHER": true},
	}
	for name, fields := range want {
		if got := stack.Services[name].Unknown; !reflect.DeepEqual(got, fields) {
			t.Errorf("%s: got %v, want %v", name, got, fields)
		}
	}
	if web := stack.Services["web"]; !web.Files[0].Unknown || web.Image.Reference != "nginx:1.29" {
		t.Errorf("the file is unknown: %t; the image is %s", web.Files[0].Unknown, web.Image.Reference)
	}
}

func TestLoad_UnknownNamesInOtherFiles_LeaveAllOpen(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "more.yaml"), []byte("services: {more: {image: nginx, environment: {A: \"$PW\"}}}"), 0o600); err != nil {
		t.Fatal(err)
	}
	in := Input{Name: "demo", Dir: dir, UnknownNames: true, Compose: "include: [more.yaml]\nservices: {web: {image: nginx}}"}
	if _, err := Load(t.Context(), in); !errors.Is(err, ErrUndecided) {
		t.Errorf("got %v", err)
	}
	in.Variables = map[string]string{"PW": "x"}
	if _, err := Load(t.Context(), in); err != nil {
		t.Errorf("with nothing left open: %v", err)
	}
}
