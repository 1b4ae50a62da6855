package compose

import (
	"reflect"
	"testing"
	"time"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

func TestLoad_MountOptions_AreKept(t *testing.T) {
	dir := filesIn(t, map[string]string{"Dockerfile": "FROM scratch\n"})
	stack := mustLoad(t, Input{Dir: dir, Variables: map[string]string{"HOME": "/home/pi"}, Compose: webService(`
		volumes:
			- {type: image, source: alpine, target: /a, image: {subpath: etc}}
			- {type: image, source: built, target: /b}
			- {type: image, source: named, target: /c, read_only: true}
			- {type: bind, source: /d, target: /d, read_only: true, bind: {recursive: readonly, create_host_path: true}}
			- {type: volume, target: /e, volume: {labels: {a: b}}}
			- "data:/f:z"
			- ~/g:/g
			- {type: tmpfs, target: /h, consistency: cached}`) + `
  built: {build: {context: .}}
  named: {image: "made:1", build: {context: .}}
volumes: {data: }
`})
	want := []desired.Mount{
		{Type: desired.MountImage, Source: "alpine", Target: "/a", Subpath: "etc"},
		{Type: desired.MountImage, Source: "demo-built", Target: "/b"},
		{Type: desired.MountImage, Source: "made:1", Target: "/c", ReadOnly: true},
		{Type: desired.MountBind, Source: "/d", Target: "/d", ReadOnly: true, Recursive: "readonly", CreateHostPath: true},
		{Type: desired.MountVolume, Target: "/e", Labels: map[string]string{"a": "b"}},
		{Type: desired.MountVolume, Source: "demo_data", Target: "/f", SELinux: "z"},
		{Type: desired.MountBind, Source: "/home/pi/g", Target: "/g", CreateHostPath: true},
		{Type: desired.MountTmpfs, Target: "/h", Consistency: "cached"},
	}
	web := stack.Services["web"]
	for i := range want {
		if !reflect.DeepEqual(web.Mounts[i], want[i]) {
			t.Errorf("%+v is not %+v", web.Mounts[i], want[i])
		}
	}
	spec := web.Spec(nil)
	for key, text := range map[string]string{
		"volumes./a": "image alpine subpath=etc", "volumes./d": "bind /d recursive=readonly read-only",
		"volumes./e": `volume (anonymous) label a="b"`, "volumes./f": "volume demo_data selinux=z",
	} {
		if spec[key] != text {
			t.Errorf("%s is %q", key, spec[key])
		}
	}
	if refs := web.OtherImages(); !reflect.DeepEqual(refs, []string{"alpine", "demo-built", "made:1"}) {
		t.Errorf("%v", refs)
	}
}

func TestLoad_PullPolicyByTime_SaysHowOldAnImageMayBe(t *testing.T) {
	for policy, want := range map[string]desired.Image{
		"daily": {Pull: desired.PullRefresh, RefreshAfter: 24 * time.Hour}, "weekly": {Pull: desired.PullRefresh, RefreshAfter: 7 * 24 * time.Hour},
		"every_1d12h": {Pull: desired.PullRefresh, RefreshAfter: 36 * time.Hour}, "refresh": {Pull: desired.PullRefresh},
		"always": {Pull: desired.PullAlways}, "if_not_present": {Pull: desired.PullMissing},
	} {
		want.Reference, want.OwnPolicy = "nginx", true
		if got := oneService(t, "pull_policy: "+policy).Image; got != want {
			t.Errorf("%s: %+v", policy, got)
		}
	}
}

func TestLoad_UseAPISocket_GivesTheEngineAndNoCredentials(t *testing.T) {
	stack := mustLoad(t, Input{Compose: webService("use_api_socket: true")})
	web := stack.Services["web"]
	spec := web.Spec(nil)
	if spec["volumes./var/run/docker.sock"] != "bind /var/run/docker.sock" || spec["environment.DOCKER_CONFIG"] != "/run/secrets/docker" {
		t.Errorf("%v", spec)
	}
	if len(web.Files) != 1 || web.Files[0].Target != "/run/secrets/docker/config.json" || string(web.Files[0].Entries[0].Content) != emptyDockerConfig {
		t.Errorf("%+v", web.Files)
	}
	if !contains(stack.Warnings, "no registry credentials") {
		t.Errorf("%q", stack.Warnings)
	}
}

func TestLoad_UseAPISocketWithOwnConfig_LeavesThatInPlace(t *testing.T) {
	web := mustLoad(t, Input{Secrets: map[string]string{"auths": "{}"}, Compose: webService(`
		use_api_socket: true
		environment: {DOCKER_CONFIG: /own}
		volumes: ["/run/user/1000/docker.sock:/var/run/docker.sock"]
		secrets: [{source: auths, target: /run/secrets/docker/config.json}]`) + "secrets: {auths: {environment: auths}}\n"}).Services["web"]
	if len(web.Files) != 1 || web.Files[0].Kind != desired.FileSecret || len(web.Mounts) != 1 || web.Mounts[0].Source != "/run/user/1000/docker.sock" || web.Config.Env[0] != "DOCKER_CONFIG=/own" {
		t.Errorf("%+v %+v %v", web.Files, web.Mounts, web.Config.Env)
	}
}

func TestLoad_MistakenMount_IsAnError(t *testing.T) {
	for keys, want := range map[string]string{
		"volumes: ['~/x:/x']": "set HOME in variables",
		"volumes: [{type: bind, source: /a, target: /a, bind: {recursive: readonly}}]":       "recursive readonly needs read_only",
		"volumes: [{type: image, target: /a}]":                                               "has no source",
		"volumes: [{type: bind, source: /a, target: /a, image: {subpath: x}}]":               "has options for type image",
		"volumes: [{type: volume, target: /a, volume: {labels: {com.docker.compose.x: y}}}]": "is kept by the provider itself",
		"isolation: hyperv": "for Windows containers",
	} {
		errs := mustFail(t, Input{Compose: webService(keys)})
		if !contains([]string{errs[0].Error()}, want) {
			t.Errorf("%s: %v", keys, errs)
		}
	}
}
