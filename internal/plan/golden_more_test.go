package plan_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/network"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
)

func TestBuild_NetworkReplacedAndServiceRemoved_StopsBothFirst(t *testing.T) {
	w := stackOf(service("app"), service("web"))
	e := running(t, w)
	delete(w.Services, "web")
	w.Networks["default"] = desired.Network{Key: "default", Name: "home_default", Internal: true}
	p := build(e, w)
	carryOutFirst(t, e, w, p, len(p.Operations))
	expect(t, build(e, w), ``)
}

// configured is an application with a config of some content.
func configured(digest string) *desired.Stack {
	w := stackOf(service("app"))
	edit(w, "app", func(s *desired.Service) {
		s.Files = []desired.File{{Kind: desired.FileConfig, Name: "app.conf", Target: "/etc/app.conf", Digest: "sha256:" + digest,
			Entries: []desired.Entry{{Path: desired.FileEntry, Content: []byte(digest)}}}}
	})
	return w
}

func TestBuild_FileDeclared_DeliversItBeforeTheContainerIsCreated(t *testing.T) {
	expect(t, build(newEngine(), configured("aaaaaaaaaaaa1")), `
		create network home_default
		create service app/1
		  because state: "missing" -> "present"
		- create network home_default
		- pull image app:1
		- create volume home_configs_app.conf_aaaaaaaaaaaa
		- deliver files home_configs_app.conf_aaaaaaaaaaaa
		    after create volume home_configs_app.conf_aaaaaaaaaaaa
		- create container app/1
		    after create network home_default
		    after deliver files home_configs_app.conf_aaaaaaaaaaaa
		    after pull image app:1
		- start container app/1
		    after create container app/1
		- await container app/1
		    after start container app/1`)
}

func TestBuild_ServiceScaledToNothing_RemovesItsFiles(t *testing.T) {
	w := configured("aaaaaaaaaaaa1")
	e := running(t, w)
	s := w.Services["app"]
	s.Replicas = 0
	w.Services["app"] = s
	expect(t, build(e, w), `
		remove service app/1
		  because replicas: "exists" -> "not declared"
		clean up volume home_configs_app.conf_aaaaaaaaaaaa
		  because volumes: "superseded" -> "removed"
		- stop container home-app-1 (000000003dde)
		- remove container home-app-1 (000000003dde)
		    after stop container home-app-1 (000000003dde)
		- remove volume home_configs_app.conf_aaaaaaaaaaaa
		    after remove container home-app-1 (000000003dde)`)
}

func TestBuild_FileChanged_DeliversBesideTheOldOneAndRemovesItLast(t *testing.T) {
	w := configured("aaaaaaaaaaaa1")
	e := running(t, w)
	expect(t, build(e, w), ``) // unchanged
	expect(t, build(e, configured("bbbbbbbbbbbb2")), `
		recreate service app/1
		  because configs./etc/app.conf: "sha256:aaaaaaaaaaaa1" -> "sha256:bbbbbbbbbbbb2"
		clean up volume home_configs_app.conf_aaaaaaaaaaaa
		  because volumes: "superseded" -> "removed"
		- create volume home_configs_app.conf_bbbbbbbbbbbb
		- deliver files home_configs_app.conf_bbbbbbbbbbbb
		    after create volume home_configs_app.conf_bbbbbbbbbbbb
		- create container app/1
		    after deliver files home_configs_app.conf_bbbbbbbbbbbb
		- stop container home-app-1 (000000003dde)
		    after create container app/1
		- rename container home-app-1 (000000003dde)
		    after stop container home-app-1 (000000003dde)
		- rename container app/1 to home-app-1
		    after create container app/1
		    after rename container home-app-1 (000000003dde)
		- start container app/1
		    after rename container app/1 to home-app-1
		- await container app/1
		    after start container app/1
		- remove container home-app-1 (000000003dde)
		    after await container app/1
		    after stop container home-app-1 (000000003dde)
		- remove volume home_configs_app.conf_aaaaaaaaaaaa
		    after await container app/1
		    after remove container home-app-1 (000000003dde)`)
}

// guarded is an application with a delivered secret.
func guarded(value string) *desired.Stack {
	w := stackOf(service("app"))
	edit(w, "app", func(s *desired.Service) {
		s.Files = []desired.File{{Kind: desired.FileSecret, Name: "pw", Target: "/run/secrets/pw",
			Entries: []desired.Entry{{Path: desired.FileEntry, Mode: 0o444, Content: []byte(value)}}}}
	})
	return w
}

func TestBuild_Secret_IsKnownByItsCheckAndCountsItsVersions(t *testing.T) {
	e := running(t, guarded("hunter2"))
	expect(t, build(e, guarded("hunter2")), ``)
	p := build(e, guarded("swordfish"))
	expect(t, p, `
		recreate service app/1
		  because secrets./run/secrets/pw: "secret (version 1)" -> "secret (version 2)"
		clean up volume home_secrets_pw_v1
		  because volumes: "superseded" -> "removed"
		- create volume home_secrets_pw_v2
		- deliver files home_secrets_pw_v2
		    after create volume home_secrets_pw_v2
		- create container app/1
		    after deliver files home_secrets_pw_v2
		- stop container home-app-1 (000000003dde)
		    after create container app/1
		- rename container home-app-1 (000000003dde)
		    after stop container home-app-1 (000000003dde)
		- rename container app/1 to home-app-1
		    after create container app/1
		    after rename container home-app-1 (000000003dde)
		- start container app/1
		    after rename container app/1 to home-app-1
		- await container app/1
		    after start container app/1
		- remove container home-app-1 (000000003dde)
		    after await container app/1
		    after stop container home-app-1 (000000003dde)
		- remove volume home_secrets_pw_v1
		    after await container app/1
		    after remove container home-app-1 (000000003dde)`)
	if strings.Contains(p.String(), "hunter2") || strings.Contains(p.String(), "swordfish") {
		t.Error("the plan holds the secret")
	}
}

// A volume's name has no place for what ends the name of a secret.
func TestBuild_SecretsWithAlmostOneName_HaveVolumesOfTheirOwn(t *testing.T) {
	names := []string{"-db", "db", "db-", "db."}
	both := func(values ...string) *desired.Stack {
		w := stackOf(service("app"))
		edit(w, "app", func(s *desired.Service) {
			for i, value := range values {
				s.Files = append(s.Files, desired.File{Kind: desired.FileSecret, Name: names[i], Target: "/run/secrets/" + names[i],
					Entries: []desired.Entry{{Path: desired.FileEntry, Mode: 0o444, Content: []byte(value)}}})
			}
		})
		return w
	}
	volumes := func(p *plan.Plan) map[string]string {
		t.Helper()
		holds := map[string]string{}
		for _, placement := range p.Placements["app"] {
			content := string(plan.SecretContent(placement.File))
			if other := holds[placement.Volume]; other != "" {
				t.Errorf("volume %s holds %s and %s", placement.Volume, other, content)
			}
			holds[placement.Volume] = content
		}
		return holds
	}
	w := both("one", "two", "three", "four")
	e := running(t, w)
	volumes(build(e, w))
	expect(t, build(e, w), ``)
	volumes(build(e, both("one", "two", "new", "four")))
	e = running(t, both("one"))
	volumes(build(e, w))
}

func TestBuild_SecretInEnvironmentRotated_ShowsVersionsOnly(t *testing.T) {
	w := func(value string) *desired.Stack {
		w := stackOf(service("app"))
		edit(w, "app", func(s *desired.Service) {
			s.Config.Env, s.Secret = []string{"PW=" + value}, map[string][]string{"environment.PW": {"pw"}}
		})
		return w
	}
	e := running(t, w("hunter2"))
	p := build(e, w("swordfish"))
	if got := p.Changes[0].Causes[0].String(); got != `environment.PW: "secret (version 1)" -> "secret (version 2)"` {
		t.Error(got)
	}
	if p.Operations[0].SecretVersion != 2 || p.SecretVersions["app"] != 2 {
		t.Errorf("versions %d, %v", p.Operations[0].SecretVersion, p.SecretVersions)
	}
}

func TestBuild_ImageToBuild_IsBuiltWhenItHasTo(t *testing.T) {
	w := stackOf(service("app"))
	edit(w, "app", func(s *desired.Service) {
		s.Image = desired.Image{Reference: "home-app", Pull: desired.PullMissing, Build: &desired.Build{Hash: "new"}}
	})
	labelled := func(hash string) observed.Image {
		return observed.Image{ID: "sha256:local", Labels: map[string]string{desired.LabelBuildHash: hash}}
	}
	container := func(stack string) observed.Container {
		return observed.Container{ID: strings.Repeat("0", 64), Name: "home-app-1", Service: "app", Number: 1, State: observed.Running, Image: "home-app",
			ImageID: "sha256:local", Labels: map[string]string{desired.LabelStack: stack}, NetworkIDs: map[string]string{"home_default": "n"},
			Spec: desired.Spec{"networks.home_default": "attached"}}
	}
	for name, c := range map[string]struct {
		image    *observed.Image
		running  []observed.Container
		accepted string
		want     bool
	}{
		"image missing":                    {nil, nil, "", true},
		"built from this":                  {ptr(labelled("new")), nil, "", false},
		"built from something else":        {ptr(labelled("old")), nil, "", true},
		"not built by us, nothing runs":    {ptr(labelled("")), nil, "", true},
		"not built by us, somebody's runs": {ptr(labelled("")), []observed.Container{container("")}, "", false},
		"not built by us, ours runs":       {ptr(labelled("")), []observed.Container{container(stackName)}, "", true},
		"accepted as it was":               {ptr(labelled("")), []observed.Container{container("")}, "new", false},
		"context changed since accepted":   {ptr(labelled("")), []observed.Container{container("")}, "old", true},
	} {
		t.Run(name, func(t *testing.T) {
			have := newEngine().observe(stackName)
			have.Networks["home_default"] = network.Summary{ID: "n", Name: "home_default", Driver: "bridge", Labels: map[string]string{desired.LabelProject: stackName}}
			if c.image != nil {
				have.Images["home-app"] = *c.image
			}
			if len(c.running) > 0 {
				have.Services["app"] = c.running
			}
			opts := plan.Options{Adopt: true}
			if c.accepted != "" {
				opts.Accepted = map[string]map[string]string{"app": {"build": c.accepted}}
			}
			p := plan.Build(w, have, opts)
			if got := strings.Contains(p.String(), "- build image home-app\n"); got != c.want {
				t.Errorf("built: %t, want %t:\n%s", got, c.want, p)
			}
		})
	}
}

func ptr[T any](v T) *T { return &v }

// foreign is the project as Docker Compose would have made it.
func foreign(t *testing.T, w *desired.Stack) *observed.Stack {
	have := running(t, w).observe(stackName)
	have.Owned = false
	for _, list := range have.Services {
		for i := range list {
			delete(list[i].Labels, desired.LabelStack)
			delete(list[i].Labels, desired.LabelSpecHash)
		}
	}
	return have
}

func TestBuild_ProjectOfSomethingElse_IsRefusedUnlessAdopted(t *testing.T) {
	w := website()
	have := foreign(t, w)
	expect(t, plan.Build(w, have, plan.Options{}), `
		! name: A Compose project named "home" with 3 services exists already, and homelab did not make it.`)
	expect(t, plan.Build(w, have, plan.Options{Adopt: true}), ``) // adopted
}

func TestBuild_ThingsOfOthersInTheWay_AreProblems(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*desired.Stack, *engine)
		want   string
	}{
		"network": {func(_ *desired.Stack, e *engine) {
			e.networks["home_default"] = network.Summary{ID: "n", Name: "home_default"}
		}, "did not make it"},
		"external network missing": {func(w *desired.Stack, _ *engine) {
			w.Networks["default"] = desired.Network{Key: "default", Name: "home_default", External: true}
		}, "no network named"},
		"external volume missing": {func(w *desired.Stack, _ *engine) {
			w.Volumes["data"] = desired.Volume{Key: "data", Name: "data", External: true}
		}, "no volume named"},
		"image that may not be pulled": {func(w *desired.Stack, _ *engine) {
			edit(w, "app", func(s *desired.Service) { s.Image.Pull = desired.PullNever })
		}, `pull is "never"`},
		"image that its service may not pull": {func(w *desired.Stack, _ *engine) {
			edit(w, "app", func(s *desired.Service) { s.Image.Pull, s.Image.OwnPolicy = desired.PullNever, true })
		}, "pull_policy of the service is never, which goes before pull of the stack. Load the image there, or change pull_policy in the document, or in an entry of overrides: services: { app: {"},
	} {
		t.Run(name, func(t *testing.T) {
			w, e := stackOf(service("app")), newEngine()
			c.change(w, e)
			p := build(e, w)
			if all := slices.Concat(p.Problems, p.Missing); len(all) != 1 || !strings.Contains(all[0].Detail, c.want) {
				t.Errorf("problems: %v", all)
			}
		})
	}
}

func TestBuild_PortHeldOutsideTheStack_IsAProblem(t *testing.T) {
	w := stackOf(service("app"))
	publish(w, "app", "80")
	have := newEngine().observe(stackName)
	for key, problems := range map[string]int{"0.0.0.0:80/tcp": 1, ":::80/tcp": 1, "192.0.2.1:80/tcp": 1, "0.0.0.0:80/udp": 0, "0.0.0.0:81/tcp": 0} {
		have.Ports = map[string]observed.Holder{key: {Container: "other"}}
		if p := plan.Build(w, have, plan.Options{}); len(p.Problems) != problems {
			t.Errorf("%s: %v", key, p.Problems)
		}
	}
	have.Ports = map[string]observed.Holder{"0.0.0.0:80/tcp": {Container: "other", Stack: "moving", Service: "x"}}
	if p := plan.Build(w, have, plan.Options{Leaving: "moving"}); len(p.Problems) != 0 {
		t.Errorf("a stack that leaves holds the port: %v", p.Problems)
	}
}

func TestBuild_ImageForAnotherPlatform_IsPulledThoughItsTagIsThere(t *testing.T) {
	w := stackOf(service("app"))
	e := running(t, w)
	img := e.images["app:1"]
	img.Spec = desired.Spec{"platform": "linux/amd64"}
	e.images["app:1"], e.images[img.ID] = img, img
	find(t, e, "app").Spec["platform"] = "linux/amd64"
	find(t, e, "app").Defaults = map[string]bool{"platform": true}
	expect(t, build(e, w), ``) // unchanged
	edit(w, "app", func(s *desired.Service) { s.Image.Platform = "linux/arm64/v8" })
	if p := build(e, w).String(); !strings.Contains(p, `because platform: "linux/amd64" -> "linux/arm64"`) || !strings.Contains(p, "- pull image app:1\n") {
		t.Error(p)
	}
}

func TestDestroy_Stack_StopsDependentsFirstAndKeepsData(t *testing.T) {
	w := website()
	edit(w, "app", func(s *desired.Service) { s.DependsOnLabel = "db:service_healthy:true" })
	edit(w, "proxy", func(s *desired.Service) { s.DependsOnLabel = "app:service_started:false" })
	e := running(t, w)
	expect(t, plan.Destroy(e.observe(stackName), plan.Options{}), `
		remove service app
		remove service db
		remove service proxy
		remove network home_default
		- stop container home-app-1 (000000005ccd)
		    after stop container home-proxy-1 (000000007bbc)
		- remove container home-app-1 (000000005ccd)
		    after stop container home-app-1 (000000005ccd)
		- stop container home-db-1 (000000003dde)
		    after stop container home-app-1 (000000005ccd)
		- remove container home-db-1 (000000003dde)
		    after stop container home-db-1 (000000003dde)
		- stop container home-proxy-1 (000000007bbc)
		- remove container home-proxy-1 (000000007bbc)
		    after stop container home-proxy-1 (000000007bbc)
		- remove network home_default
		    after remove container home-app-1 (000000005ccd)
		    after remove container home-db-1 (000000003dde)
		    after remove container home-proxy-1 (000000007bbc)`)
	if p := plan.Destroy(e.observe(stackName), plan.Options{RemoveVolumes: true, Declared: []string{"home_data"}}); !strings.Contains(p.String(), "- remove volume home_data\n") {
		t.Errorf("the volume stays:\n%s", p)
	}
}

func TestDestroy_DependsOnInACircle_Ends(t *testing.T) {
	w := stackOf(service("app"), service("web"))
	edit(w, "app", func(s *desired.Service) { s.DependsOnLabel = "web:service_started:true,app:service_started:true" })
	edit(w, "web", func(s *desired.Service) { s.DependsOnLabel = "app:service_started:true" })
	e := running(t, w)
	p := plan.Destroy(e.observe(stackName), plan.Options{})
	carryOutFirst(t, e, w, p, len(p.Operations))
	if len(e.containers)+len(e.networks) > 0 {
		t.Error(e.fingerprint())
	}
}
