package plan_test

import (
	"strings"
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
)

// relative is an application with one relative bind mount, as it is loaded.
func relative(source string, readOnly bool, digest string) *desired.Stack {
	w := stackOf(service("app"))
	edit(w, "app", func(s *desired.Service) {
		s.Files = []desired.File{{Kind: desired.FileBind, Name: source, Target: "/data", Directory: true, Digest: "sha256:000000000" + digest,
			Bind: &desired.Mount{Type: desired.MountBind, Source: source, Target: "/data", ReadOnly: readOnly}}}
		if !readOnly {
			w.Warnings = []string{desired.DeliveredReadOnly("app", &s.Files[0])}
		}
	})
	return w
}

// bound is the application as something else made it in /opt/demo.
func bound(t *testing.T, path string, readOnly, owned bool) *engine {
	t.Helper()
	w := stackOf(service("app"))
	edit(w, "app", func(s *desired.Service) {
		s.Mounts = []desired.Mount{{Type: desired.MountBind, Source: path, Target: "/data", ReadOnly: readOnly}}
	})
	e := running(t, w)
	b := find(t, e, "app")
	b.Binds = map[string]observed.Bind{"/data": {Source: path, ReadOnly: readOnly}}
	if !owned {
		b.Labels = map[string]string{desired.LabelWorkingDir: "/opt/demo"}
	}
	return e
}

func TestKeepNodePaths_WhatAContainerMounts_IsKeptUntilTheUserAsks(t *testing.T) {
	const kept, delivered, refused = "kept", "delivered", "refused"
	accepted := func(digest string) map[string]map[string]string {
		return map[string]map[string]string{"app": {"volumes./data": "sha256:000000000" + digest}}
	}
	paths := map[string]map[string]string{"app": {"/data": "/opt/demo/data"}}
	known := map[string][]string{"app": {"volumes./data"}}
	for name, c := range map[string]struct {
		source, mounted    string
		readOnly, mountsRO bool
		owned, writtenToo  bool
		opts               plan.Options
		want               string
	}{
		"just imported":                             {source: "data", mounted: "/opt/demo/data", want: kept},
		"just imported, read-only":                  {source: "data", mounted: "/opt/demo/data", readOnly: true, mountsRO: true, want: kept},
		"the project's own directory":               {source: ".", mounted: "/opt/demo", want: kept},
		"beside the project":                        {source: "../data", mounted: "/opt/data", want: kept},
		"unchanged since":                           {source: "data", mounted: "/opt/demo/data", opts: plan.Options{Accepted: accepted("new")}, want: kept},
		"changed since, and written to":             {source: "data", mounted: "/opt/demo/data", opts: plan.Options{Accepted: accepted("old")}, want: kept},
		"changed since, read-only":                  {source: "data", mounted: "/opt/demo/data", readOnly: true, mountsRO: true, opts: plan.Options{Accepted: accepted("old")}, want: delivered},
		"changed since, written by another service": {source: "data", mounted: "/opt/demo/data", readOnly: true, mountsRO: true, writtenToo: true, opts: plan.Options{Accepted: accepted("old")}, want: kept},
		"recreated with the path":                   {source: "data", mounted: "/opt/demo/data", owned: true, opts: plan.Options{AppliedFields: known, NodePaths: paths}, want: kept},
		"recreated, and imported again":             {source: "data", mounted: "/opt/demo/data", owned: true, want: kept},
		"gone":                                      {source: "data", opts: plan.Options{AppliedFields: known, NodePaths: paths}, want: kept},
		"gone, and another path":                    {source: "other", opts: plan.Options{AppliedFields: known, NodePaths: paths}, want: delivered},
		"another path":                              {source: "other", mounted: "/opt/demo/data", want: refused},
		"another path of the same name":             {source: "data", mounted: "/opt/demo/app/data", want: refused},
		"another path, read-only":                   {source: "other", mounted: "/opt/demo/data", readOnly: true, want: delivered},
		"an absolute one before":                    {source: "data", mounted: "/srv/data", owned: true, opts: plan.Options{AppliedFields: known}, want: refused},
		"an absolute one before, read-only":         {source: "data", mounted: "/srv/data", owned: true, readOnly: true, mountsRO: true, opts: plan.Options{AppliedFields: known}, want: delivered},
	} {
		t.Run(name, func(t *testing.T) {
			e := newEngine()
			if c.mounted != "" {
				e = bound(t, c.mounted, c.mountsRO, c.owned)
			}
			have := e.observe(stackName)
			if c.writtenToo {
				have.Services["writer"] = []observed.Container{{Binds: map[string]observed.Bind{"/out": {Source: "/opt/demo/data/out"}}}}
			}
			w := plan.KeepNodePaths(relative(c.source, c.readOnly, "new"), have, c.opts)
			c.opts.Adopt = true
			s, p := w.Services["app"], plan.Build(w, have, c.opts)
			got := delivered
			switch {
			case len(p.Problems) > 0 && strings.Contains(p.Problems[0].Detail, "would get a read-only copy"):
				got = refused
			case len(s.Files) == 0 && len(s.Mounts) == 1 && s.Mounts[0].ReadOnly == c.readOnly:
				got = kept
			}
			if got != c.want {
				t.Fatalf("%s: %s\n%s", got, w.Warnings, p)
			}
			if got == kept && c.mounted != "" && !c.writtenToo {
				expect(t, p, ``)
			}
			if !c.readOnly && len(w.Warnings) != 1 || (got == kept) != strings.Contains(strings.Join(w.Warnings, ""), "keeps /opt/") && !c.readOnly {
				t.Errorf("warnings %q", w.Warnings)
			}
		})
	}
}

func TestKeepNodePaths_ContainerMadeAgain_MountsTheSamePath(t *testing.T) {
	e, w := bound(t, "/opt/demo/data", false, false), relative("data", false, "new")
	edit(w, "app", func(s *desired.Service) { s.Image.Reference = "app:2" })
	e.images["app:2"] = image("app:2", 2)
	w = plan.KeepNodePaths(w, e.observe(stackName), plan.Options{})
	p := plan.Build(w, e.observe(stackName), plan.Options{Adopt: true})
	if len(p.Changes) != 1 || len(p.Changes[0].Causes) != 1 || p.Changes[0].Causes[0].Field != "image" {
		t.Errorf("got:\n%s", p)
	}
	if m := w.Services["app"].Mounts[0]; m.Source != "/opt/demo/data" || m.ReadOnly {
		t.Errorf("%+v", m)
	}
}
