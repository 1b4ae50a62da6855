package compose

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

const hidden = "s3cr3t \"'$PATH:value"

func TestLoad_SecretInService_IsMarkedAndReal(t *testing.T) {
	stack := mustLoad(t, Input{Secrets: map[string]string{"PW": hidden, "TOKEN": "t0ken"}, Compose: webService(`
		environment:
			DB_PASSWORD: ${PW}
			DSN: "pg://u:${PW}@db/${TOKEN}"
			TOKEN:
			PLAIN: x
		command: [serve, "--token=${TOKEN}"]
		entrypoint: ["/bin/${TOKEN}"]
		healthcheck: {test: "curl -u a:${TOKEN} x"}`)})
	s := stack.Services["web"]
	want := map[string][]string{
		"environment.DB_PASSWORD": {"PW"}, "environment.DSN": {"PW", "TOKEN"}, "environment.TOKEN": {"TOKEN"},
		"command": {"TOKEN"}, "entrypoint": {"TOKEN"}, "healthcheck.test": {"TOKEN"},
	}
	if !reflect.DeepEqual(s.Secret, want) {
		t.Errorf("got  %v\nwant %v", s.Secret, want)
	}
	spec := s.Spec(nil)
	if spec["environment.DB_PASSWORD"] != hidden || spec["environment.DSN"] != "pg://u:"+hidden+"@db/t0ken" || spec["environment.TOKEN"] != "t0ken" {
		t.Errorf("values are not real: %q", spec)
	}
	for key, value := range spec.Masked(s.Secret, 1) {
		if strings.Contains(value, "s3cr3t") || strings.Contains(value, "t0ken") {
			t.Errorf("%s shows a secret: %q", key, value)
		}
	}
}

func TestLoad_SecretChanges_KeepsComposeHashAndHash(t *testing.T) {
	load := func(value string) desired.Service {
		return mustLoad(t, Input{Secrets: map[string]string{"PW": value}, Compose: webService("environment: {A: $PW}")}).Services["web"]
	}
	a, b := load("one"), load("two")
	if a.ComposeHash.Sum(nil) != b.ComposeHash.Sum(nil) || a.Hash() != b.Hash() {
		t.Error("a hash depends on a secret's value")
	}
}

func TestLoad_SecretInTheOpen_IsRefused(t *testing.T) {
	tests := map[string]struct{ keys, detail string }{
		"label":           {"labels: {a: \"${PW}\"}", "secret PW is used in labels.a: labels are shown to everyone"},
		"annotation":      {"annotations: {a: \"${PW}\"}", "labels are shown to everyone"},
		"build argument":  {"build: {context: ., args: {A: $PW}}", "stays in the image's history; name it under the top-level secrets and build.secrets"},
		"variable's name": {"environment: [\"${PW}=x\"]", "only values may be secret"},
		"hostname":        {"hostname: $PW", "is used in hostname, which everyone may read"},
		"logging":         {"logging: {driver: x, options: {token: $PW}}", "is used in logging.options.token, which everyone may read"},
		"port":            {"ports: [\"${PW}:80\"]", "secret PW is used in ports, which is not text"},
		"number":          {"scale: ${PW}", "secret PW is used in scale, which is not text"},
		"boolean":         {"tty: ${PW}", "secret PW is used in tty, which is not text"},
		"duration":        {"stop_grace_period: ${PW}", "secret PW is used in stop_grace_period, which is not text"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			for _, value := range []string{"8080", "yes", hidden} {
				errs := mustFail(t, Input{Dir: ".", Compose: webService(tt.keys), Secrets: map[string]string{"PW": value}})
				if len(errs) != 1 || !strings.Contains(errs[0].Detail, tt.detail) || errs[0].Line == 0 {
					t.Errorf("got %v", errs)
				}
			}
		})
	}
}

func TestLoad_AnyError_HoldsNoSecret(t *testing.T) {
	secrets := map[string]string{"PW": "zq9-unlikely", "Q": "'open quote zq9"}
	for i, keys := range []string{
		"ports: [\"80:${PW}\"]", "image: \"${PW}:::\"", "command: \"echo ${Q}\"", "healthcheck: {interval: $PW}",
		"environment: [\"${PW} =x\"]", "volumes: [\"${PW}:x:y:z:a\"]", "networks: {default: {ipv4_address: $PW}}", "deploy: {mode: $PW}",
		"env_file: [\"${PW}\"]", "container_name: \"/${PW}\"", "depends_on: [\"$PW\"]", "hostname: ${NO:?$PW}", "mem_limit: $PW", "user: \"${PW\"",
		"volumes: [\"./${PW}:/x\"]", "extends: {file: \"./$PW\", service: a}", "pull_policy: $PW", "dns: $PW", "build: {context: \"./$PW\"}",
	} {
		_, err := Load(t.Context(), Input{Name: "demo", Dir: ".", Compose: "services:\n  web:\n    " + keys + "\n    image: x\n", Secrets: secrets})
		if err == nil {
			t.Errorf("%d: no error for %s", i, keys)
			continue
		}
		if text := fmt.Sprintf("%v %+v", err, err); strings.Contains(text, "zq9") {
			t.Errorf("%s: %s", keys, text)
		}
		for name := range secrets {
			if strings.Contains(err.Error(), newMasks(sortedKeys(secrets), nil).byName[name]) {
				t.Errorf("%s shows a marker: %v", keys, err)
			}
		}
	}
}

func TestLoad_UnbalancedSecretInCommandText_SaysToWriteAList(t *testing.T) {
	errs := mustFail(t, Input{Compose: webService("command: run $PW"), Secrets: map[string]string{"PW": "it's"}})
	if errs[0].Attribute != "secrets" || !strings.Contains(errs[0].Detail, "write that command as a list") || !strings.Contains(errs[0].Detail, "services.web.command") {
		t.Errorf("got %v", errs)
	}
}

func TestLoad_SecretsOfDisabledService_AreNotChecked(t *testing.T) {
	mustLoad(t, Input{Secrets: map[string]string{"PW": "x"}, Compose: webService("tty: true") + "  off: {image: x, profiles: [p], labels: {a: $PW}}\n"})
}

func TestLoad_TopLevelSecret_IsDeliveredWithoutDigest(t *testing.T) {
	dir := filesIn(t, map[string]string{"token.txt": "from file"})
	stack := mustLoad(t, Input{Dir: dir, Secrets: map[string]string{"DB": "from env", "api": "from store"}, Variables: map[string]string{"V": "from variable"}, Compose: webService(`
		secrets:
			- db
			- {source: api, target: key, uid: "1000", gid: "1001", mode: 0400}
			- {source: file, target: /etc/token}
			- variable`) + "secrets:\n  db: {environment: DB}\n  api: {external: true}\n  file: {file: ./token.txt}\n  variable: {environment: V}\n"})
	want := map[string]struct {
		source, content string
		mode            uint32
	}{
		"/run/secrets/db": {"environment", "from env", 0o444}, "/run/secrets/key": {"secrets", "from store", 0o400},
		"/etc/token": {dir + "/token.txt", "from file", 0o444}, "/run/secrets/variable": {"environment", "from variable", 0o444},
	}
	files := stack.Services["web"].Files
	if len(files) != len(want) {
		t.Fatalf("got %+v", files)
	}
	for _, f := range files {
		e, w := f.Entries[0], want[f.Target]
		if f.Kind != desired.FileSecret || f.Digest != "" || f.Source != w.source || string(e.Content) != w.content || e.Mode != w.mode || e.Path != desired.FileEntry {
			t.Errorf("got %+v", f)
		}
		if f.Target == "/run/secrets/key" && (e.UID != 1000 || e.GID != 1001) {
			t.Errorf("owner %+v", e)
		}
	}
	if len(stack.Services["web"].Secret) > 0 {
		t.Errorf("files are no fields: %v", stack.Services["web"].Secret)
	}
}

func TestLoad_MissingSecretValue_IsAnErrorOfSecrets(t *testing.T) {
	errs := mustFail(t, Input{Compose: webService("secrets: [db]") + "secrets:\n  db: {environment: DB}\n"})
	if errs[0].Attribute != "secrets" || !strings.Contains(errs[0].Detail, `takes its value from "DB", which is not set`) {
		t.Error(errs)
	}
}

func TestLoad_ExternalSecretWithoutAValue_IsTheNodes(t *testing.T) {
	s := mustLoad(t, Input{Compose: webService(`
		secrets: [db, {source: api, target: /etc/key, uid: "5", gid: "6", mode: 0440}]
		volumes: ["/srv/docker/volumes/homelab_secret_a_v1_v12/_data/content:/run/secrets/a:ro", "/srv/docker/volumes/homelab_secret_a_v1/_data/content:/rw"]`) +
		"secrets:\n  db: {external: true, name: db_password}\n  api: {external: true}\n"}).Services["web"]
	uid, gid, mode := 5, 6, desired.Mode(0o440)
	want := []desired.File{
		{Kind: desired.FileSecret, Name: "api", Target: "/etc/key", Source: "homelab_secret", Secret: &desired.NodeSecret{Name: "api", UID: &uid, GID: &gid, Mode: &mode}},
		{Kind: desired.FileSecret, Name: "a_v1", Target: "/run/secrets/a", Source: "homelab_secret", Secret: &desired.NodeSecret{Name: "a_v1", Version: 12}},
		{Kind: desired.FileSecret, Name: "db", Target: "/run/secrets/db", Source: "homelab_secret", Secret: &desired.NodeSecret{Name: "db_password"}},
	}
	if !reflect.DeepEqual(s.Files, want) {
		t.Errorf("got %+v", s.Files)
	}
	if len(s.Mounts) != 1 || s.Mounts[0].Target != "/rw" {
		t.Errorf("only what is mounted read-only is a secret's file: %+v", s.Mounts)
	}
	errs := mustFail(t, Input{Compose: webService("secrets: [db]") + "secrets:\n  db: {external: true, name: a/b}\n"})
	if !strings.Contains(errs[0].Detail, `"a/b" cannot be the name of a homelab_secret`) {
		t.Error(errs)
	}
}

func TestLoad_ConfigWithSecretInContent_HasNoDigest(t *testing.T) {
	load := func(value string) desired.File {
		in := Input{Secrets: map[string]string{"PW": value}, Compose: webService("configs: [c]") + "configs:\n  c:\n    content: |\n      password=${PW}\n"}
		return mustLoad(t, in).Services["web"].Files[0]
	}
	f := load("a")
	if f.Kind != desired.FileConfig || f.Digest != "" || string(f.Entries[0].Content) != "password=a\n" || f.Target != "/c" {
		t.Errorf("got %+v", f)
	}
}

func TestLoad_EmptySecret_IsAValue(t *testing.T) {
	s := mustLoad(t, Input{Secrets: map[string]string{"PW": ""}, Compose: webService("environment: {A: \"${PW:-none}\", B: \"${PW-none}\"}")}).Services["web"]
	if got := strings.Join(s.Config.Env, " "); got != "A=none B=" {
		t.Errorf("got %q", got)
	}
}
