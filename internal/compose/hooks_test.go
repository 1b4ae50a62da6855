package compose

import (
	"reflect"
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

func TestLoad_Hooks_AreConvertedByKind(t *testing.T) {
	got := oneService(t, `
		pre_start:
			- image: busybox:1.37
			  command: chown 7:7 "/a b"
			- command: [own, image]
			  user: "7"
		post_start:
			- command: ["sh", "-c", "echo $${HOSTNAME}"]
			  environment: [B=2, A=1]
			  working_dir: /w
			  privileged: true
		pre_stop:
			- command: bye
			  user: root
			  environment: {C: 3}`).Hooks
	want := &desired.Hooks{
		PreStart:  []desired.Hook{{Image: "busybox:1.37", Command: []string{"chown", "7:7", "/a b"}}, {Command: []string{"own", "image"}, User: "7"}},
		PostStart: []desired.Hook{{Command: []string{"sh", "-c", "echo ${HOSTNAME}"}, Environment: []string{"A=1", "B=2"}, WorkingDir: "/w", Privileged: true}},
		PreStop:   []desired.Hook{{Command: []string{"bye"}, User: "root", Environment: []string{"C=3"}}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
}

func TestLoad_NoHooks_IsNil(t *testing.T) {
	if hooks := oneService(t, "post_start: []").Hooks; hooks != nil {
		t.Errorf("%+v", hooks)
	}
}

func TestLoad_SecretInHook_IsHiddenByField(t *testing.T) {
	stack := mustLoad(t, Input{Secrets: map[string]string{"token": "hunter2", "pw": "swordfish"}, Compose: webService(`
		post_start:
			- command: [notify]
			- command: [login, "${token}"]
			  environment: ["PW=${pw}", "USER=me"]
		pre_stop:
			- command: logout
			  environment: {PW: "${pw}"}`)})
	web := stack.Services["web"]
	if got := web.Hooks.PostStart[1].Command[1]; got != "hunter2" {
		t.Errorf("the command has %q", got)
	}
	want := map[string][]string{"post_start.1.command": {"token"}, "post_start.1.environment.PW": {"pw"}, "pre_stop.0.environment.PW": {"pw"}}
	if !reflect.DeepEqual(web.Secret, want) {
		t.Errorf("%v", web.Secret)
	}
}

func TestLoad_BadHook_IsAnError(t *testing.T) {
	for name, c := range map[string]struct{ keys, want string }{
		"secret user":    {`post_start: [{command: x, user: "${token}"}]`, "secret token is used in post_start.user"},
		"secret as name": {`post_start: [{command: x, environment: ["${token}=1"]}]`, "secret token is used as a name in post_start.environment"},
		"no command":     {"post_start: [{command: []}]", "post_start: a hook has no command"},
		"bad image":      {"pre_start: [{image: 'A B'}]", `pre_start: "A B" is not an image name`},
		"per replica":    {"pre_start: [{command: x, per_replica: true}]", `key "pre_start.per_replica" is not supported`},
	} {
		t.Run(name, func(t *testing.T) {
			errs := mustFail(t, Input{Secrets: map[string]string{"token": "hunter2"}, Compose: webService(c.keys)})
			if !contains([]string{errs[0].Error()}, c.want) {
				t.Errorf("%v", errs)
			}
		})
	}
}
