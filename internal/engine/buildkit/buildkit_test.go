package buildkit

import (
	"context"
	"errors"
	"io"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/session/auth"
	"github.com/opencontainers/go-digest"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

// refusing is an engine that hands over no connection.
type refusing struct{ err error }

func (r refusing) DialHijack(context.Context, string, string, map[string][]string) (net.Conn, error) {
	return nil, r.err
}

func TestBuild_EngineWithoutBuildKit_IsUnavailable(t *testing.T) {
	r := &Request{Build: &desired.Build{}}
	if err := Build(t.Context(), refusing{errdefs.ErrNotImplemented}, r); !errors.Is(err, ErrUnavailable) {
		t.Errorf("got %v", err)
	}
	if err := Build(t.Context(), refusing{io.ErrUnexpectedEOF}, r); errors.Is(err, ErrUnavailable) || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a fault on the way is taken for no BuildKit: %v", err)
	}
}

// The two kinds of engine, by their worker's labels.
var (
	classic = &client.WorkerInfo{Labels: map[string]string{labelHostGateway: "172.17.0.1"}}
	modern  = &client.WorkerInfo{Labels: map[string]string{labelSnapshotter: "overlayfs", labelHostGateway: "172.17.0.1"}}
)

func optionsOf(t *testing.T, worker *client.WorkerInfo, b desired.Build) *client.SolveOpt {
	t.Helper()
	if b.Context == "" {
		b.Context, b.Dockerfile = t.TempDir(), "Dockerfile"
	}
	o, err := (&Request{Build: &b, Names: []string{"a:1", "b"}, Labels: map[string]string{"l": "m"}}).solveOptions(worker)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestSolveOptions_Settings_AreAttributesOfTheFrontend(t *testing.T) {
	one := "1"
	always := map[string]string{"filename": "Dockerfile", "label:l": "m", "image-resolve-mode": "local"}
	for name, tt := range map[string]struct {
		build desired.Build
		want  map[string]string
	}{
		"nothing":     {desired.Build{}, nil},
		"args":        {desired.Build{Args: map[string]*string{"A": &one, "UNSET": nil}}, map[string]string{"build-arg:A": "1"}},
		"target":      {desired.Build{Target: "t"}, map[string]string{"target": "t"}},
		"pull":        {desired.Build{Pull: true}, map[string]string{"image-resolve-mode": "pull"}},
		"no cache":    {desired.Build{NoCache: true, NoCacheFilter: []string{"a"}}, map[string]string{"no-cache": ""}},
		"some cache":  {desired.Build{NoCacheFilter: []string{"a", "b"}}, map[string]string{"no-cache": "a,b"}},
		"platform":    {desired.Build{Platform: "linux/arm64"}, map[string]string{"platform": "linux/arm64"}},
		"network":     {desired.Build{Network: "none"}, map[string]string{"force-network-mode": "none"}},
		"limits":      {desired.Build{ShmSizeBytes: 5, Ulimits: []string{"nofile=1:2"}}, map[string]string{"shm-size": "5", "ulimit": "nofile=1:2"}},
		"hosts":       {desired.Build{ExtraHosts: []string{"a:10.0.0.1", "b:::1", "c:[::2]", "d:host-gateway"}}, map[string]string{"add-hosts": "a=10.0.0.1,b=::1,c=::2,d=172.17.0.1"}},
		"attestation": {desired.Build{Provenance: "false", SBOM: "false"}, nil},
	} {
		want := maps.Clone(always)
		maps.Copy(want, tt.want)
		if got := optionsOf(t, classic, tt.build).FrontendAttrs; !maps.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
}

func TestSolveOptions_EngineWithContainerdStore_AttestsAndKeepsPlatforms(t *testing.T) {
	o := optionsOf(t, modern, desired.Build{Platforms: []string{"linux/amd64", "linux/arm64"}, SBOM: "true", CacheTo: []string{"type=local,dest=cache"}, Dir: "/project"})
	for key, want := range map[string]string{"platform": "linux/amd64,linux/arm64", "attest:sbom": "", "attest:provenance": "mode=min,inline-only=true"} {
		if got, ok := o.FrontendAttrs[key]; !ok || got != want {
			t.Errorf("%s is %q", key, got)
		}
	}
	if e := o.Exports[0]; e.Type != "moby" || e.Attrs["name"] != "a:1,b" || e.Attrs["prefer-image-digest"] != "true" {
		t.Errorf("got %+v", e)
	}
	if e := o.CacheExports[0]; e.Type != "local" || e.Attrs["dest"] != "/project/cache" {
		t.Errorf("got %+v", e)
	}
	if got := optionsOf(t, modern, desired.Build{Provenance: "mode=max"}).FrontendAttrs["attest:provenance"]; got != "mode=max" {
		t.Errorf("got %q", got)
	}
}

func TestSolveOptions_WhatTheEngineCannot_IsAnError(t *testing.T) {
	for want, b := range map[string]desired.Build{
		"build.platforms with several platforms": {Platforms: []string{"a", "b"}},
		"build.sbom":                             {SBOM: "true"},
		"build.provenance":                       {Provenance: "mode=max"},
		"build.cache_to with type=registry":      {CacheTo: []string{"a/b:c"}},
		"does not pass its host-gateway":         {ExtraHosts: []string{"a:host-gateway"}},
		`"x" of host "a" is not an IP address`:   {ExtraHosts: []string{"a:x"}},
		"build.ssh":                              {SSH: []desired.BuildSSH{{ID: "k", Path: "/no/such/key"}}},
	} {
		b.Context, b.Dockerfile = t.TempDir(), "Dockerfile"
		if _, err := (&Request{Build: &b}).solveOptions(&client.WorkerInfo{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", want, err)
		}
	}
}

func TestSolveOptions_Files_AreOfferedUnderTheirNames(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"app/x", "docker/web.Dockerfile", "lib/y"} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(name), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	read := func(o *client.SolveOpt, mount, name string) string {
		f, err := o.LocalMounts[mount].Open(name)
		if err != nil {
			return err.Error()
		}
		defer f.Close()
		content, _ := io.ReadAll(f)
		return string(content)
	}
	o := optionsOf(t, classic, desired.Build{Context: filepath.Join(dir, "app"), Dockerfile: "../docker/web.Dockerfile", Hash: "h", Contexts: map[string]desired.BuildContext{
		"lib": {Local: filepath.Join(dir, "lib")}, "context": {Local: filepath.Join(dir, "lib")}, "img": {Source: "docker-image://x"}}})
	if read(o, "context", "x") != "app/x" || read(o, "dockerfile", "web.Dockerfile") != "docker/web.Dockerfile" || read(o, "lib", "y") != "lib/y" || read(o, "_context", "y") != "lib/y" {
		t.Errorf("got %v", o.LocalMounts)
	}
	if a := o.FrontendAttrs; o.SharedKey != "h" || a["filename"] != "web.Dockerfile" || a["context:lib"] != "local:lib" || a["context:context"] != "local:_context" || a["context:img"] != "docker-image://x" {
		t.Errorf("got %v", a)
	}
	o = optionsOf(t, classic, desired.Build{Context: "https://x/y.git", Remote: true, DockerfileInline: "FROM z"})
	if a := o.FrontendAttrs; read(o, "dockerfile", "Dockerfile") != "FROM z" || a["context"] != "https://x/y.git" || a["dockerfilekey"] != "dockerfile" || len(o.LocalMounts) != 1 {
		t.Errorf("got %v, %v", a, o.LocalMounts)
	}
}

func TestCredentials_Host_IsAskedForByItsName(t *testing.T) {
	c := credentials{find: func(_ context.Context, host string) (string, string, error) {
		if host == "bad" {
			return "", "", io.EOF
		}
		return "user of " + host, "password", nil
	}}
	for host, want := range map[string]string{"registry-1.docker.io": "docker.io", "r.example:5000": "r.example:5000"} {
		if got, err := c.Credentials(t.Context(), &auth.CredentialsRequest{Host: host}); err != nil || got.GetUsername() != "user of "+want || got.GetSecret() != "password" {
			t.Errorf("%s: got %v, %v", host, got, err)
		}
	}
	if _, err := c.Credentials(t.Context(), &auth.CredentialsRequest{Host: "bad"}); !errors.Is(err, io.EOF) {
		t.Errorf("got %v", err)
	}
	if got, err := (credentials{}).Credentials(t.Context(), &auth.CredentialsRequest{}); err != nil || got.GetUsername() != "" {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestJournal_FailedStep_IsExplainedWithoutSecrets(t *testing.T) {
	var told []string
	j := newJournal(&Request{Progress: func(line string) { told = append(told, line) }, Build: &desired.Build{Secrets: []desired.BuildSecret{
		{ID: "a", Value: []byte("swordfish\n")}, {ID: "b", Value: []byte("first line\nsecond line")}, {ID: "c", Value: []byte("no")}}}})
	cached, step := digest.FromString("cached"), digest.FromString("step")
	started := time.Unix(1, 0)
	now := &started
	j.follow(&client.SolveStatus{Vertexes: []*client.Vertex{
		{Digest: cached, Name: "importing cache", Started: now, Error: "cache is not there"},
		{Digest: step, Name: "[2/2] RUN print", Started: now},
	}})
	for _, text := range []string{strings.Repeat("noise\n", 30), "the sword", "fish is swordfish\nsecond line and first line\r\n", "exit now with swordfish"} {
		j.follow(&client.SolveStatus{Logs: []*client.VertexLog{{Vertex: step, Data: []byte(text)}}})
	}
	j.follow(&client.SolveStatus{Vertexes: []*client.Vertex{{Digest: step, Name: "[2/2] RUN print", Started: now, Error: "exit code: 7"}}})
	err := j.explain(errors.New("failed to solve: rpc error: code = Unknown desc = process did not complete: exit code: 7 of swordfish"))
	want := "process did not complete: exit code: 7 of (secret)\nstep: [2/2] RUN print\n" + strings.Repeat("noise\n", keptLines-3) +
		"the (secret) is (secret)\n(secret) and (secret)\nexit now with (secret)"
	if err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
	if text := strings.Join(told, "\n"); strings.Contains(text, "swordfish") || strings.Contains(text, "second line") || !slices.Contains(told, "[2/2] RUN print") {
		t.Errorf("told %q", told)
	}
	if j.explain(nil) != nil {
		t.Error("a success is explained")
	}
}
