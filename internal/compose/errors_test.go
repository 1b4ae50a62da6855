package compose

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestLoad_Mistake_SaysWhereAndWhat(t *testing.T) {
	tests := map[string]struct {
		in        Input
		attribute string
		line      int
		detail    string
	}{
		"YAML syntax": {
			Input{Compose: "services:\n  web:\n    image: [a\n"}, "compose", 4, "not valid YAML",
		},
		"key written twice": {
			Input{Compose: "services:\n  web:\n    image: a\n    image: b\n"}, "compose", 4, `mapping key "image" already defined`,
		},
		"anchor in itself": {
			Input{Compose: "services:\n  web: &a\n    <<: [*a, *a]\n    image: x\n"}, "compose", 2, `the anchor "a" contains itself`,
		},
		"no mapping": {
			Input{Compose: "hello"}, "compose", 0, "the document must be a mapping",
		},
		"empty document": {Input{Compose: " \n"}, "compose", 0, "the document is empty"},
		"unknown key": {
			Input{Compose: webService("imagee: x")}, "compose", 4, `service "web": unknown key "imagee"; did you mean "image"?`,
		},
		"unknown nested key": {
			Input{Compose: webService("healthcheck: {intervall: 1s}")}, "compose", 4, `service "web": unknown key "healthcheck.intervall"; did you mean "interval"?`,
		},
		"unknown top-level key": {
			Input{Compose: webService("tty: true") + "service: {}\n"}, "compose", 5, `unknown key "service"; did you mean "services"?`,
		},
		"unknown key in an override": {
			Input{Compose: webService("tty: true"), Overrides: []string{"{}", "services: {web: {ttyy: true}}"}}, "overrides[1]", 1, `unknown key "ttyy"`,
		},
		"unsupported key": {
			Input{Compose: webService("develop:\n  watch: [{path: /, action: rebuild}]")}, "compose", 4, `service "web": key "develop" is not supported: it is for docker compose watch`,
		},
		"unsupported nested key": {
			Input{Compose: webService("secrets: [v]") + "secrets: {v: {file: /etc/hostname, driver: x}}\n"}, "compose", 5, `key "driver" is not supported`,
		},
		"required variable": {
			Input{Compose: webService("hostname: ${NAME:?say which name}")}, "variables", 0, `variable "NAME" must be set: say which name (used in services.web.hostname); set it in variables or secrets`,
		},
		"broken variable": {
			Input{Compose: webService("hostname: ${NAME")}, "compose", 4, `hostname: "${NAME" is not a valid use of a variable`,
		},
		"unknown dependency": {
			Input{Compose: webService("depends_on: [db]")}, "compose", 4, `service "web": depends_on names service "db", which does not exist`,
		},
		"dependency in a disabled profile": {
			Input{Compose: webService("depends_on: [db]") + "  db: {image: x, profiles: [data]}\n"}, "compose", 4, `which is not enabled: add one of its profiles (data)`,
		},
		"dependency cycle": {
			Input{Compose: "services:\n  a: {image: x, depends_on: [b]}\n  b: {image: x, depends_on: [c]}\n  c: {image: x, depends_on: [a]}\n"},
			"compose", 2, "in a circle: a -> b -> c -> a",
		},
		"neither image nor build": {
			Input{Compose: "services:\n  web:\n    command: x\n"}, "compose", 2, `service "web": it has neither image nor build`,
		},
		"bad image name": {Input{Compose: "services:\n  web:\n    image: UPPER/x:y:z\n"}, "compose", 3, `"UPPER/x:y:z" is not an image name`},
		"short port": {
			Input{Compose: webService("ports:\n  - \"http:80\"")}, "compose", 5, `service "web": ports: "http:80" cannot be read`,
		},
		"long port": {
			Input{Compose: webService("ports:\n  - target: 80\n    published: \"70000\"")}, "compose", 4, `published "70000" is not a port`,
		},
		"target port":  {Input{Compose: webService("ports: [{target: 99999}]")}, "compose", 4, "target 99999 is not a port"},
		"duration":     {Input{Compose: webService("stop_grace_period: soon")}, "compose", 4, `stop_grace_period: "soon" is not a duration`},
		"size":         {Input{Compose: webService("mem_limit: lots")}, "compose", 4, `mem_limit: "lots" is not a size`},
		"boolean":      {Input{Compose: webService("privileged: maybe")}, "compose", 4, `privileged: "maybe" is neither true nor false`},
		"number":       {Input{Compose: webService("scale: many")}, "compose", 4, `scale: "many" is not a number`},
		"wrong type":   {Input{Compose: webService("hostname: [a]")}, "compose", 4, `hostname: must be a string`},
		"open quote":   {Input{Compose: webService("command: \"echo 'a\"")}, "compose", 4, "a quote is not closed"},
		"restart":      {Input{Compose: webService("restart: sometimes")}, "compose", 4, `restart "sometimes" is not a restart policy`},
		"retry count":  {Input{Compose: webService("restart: always:3")}, "compose", 4, "only on-failure takes a number"},
		"network mode": {Input{Compose: webService("network_mode: mynet")}, "compose", 4, "declare it under the top-level networks with external: true"},
		"pull policy":  {Input{Compose: webService("pull_policy: every_day")}, "compose", 4, `pull_policy: it must be one of missing, always, never, build, daily, weekly and every_<duration>`},
		"npipe":        {Input{Compose: webService("volumes: [{type: npipe, source: a, target: /b}]")}, "compose", 4, `type "npipe" is not supported`},
		"undeclared network": {
			Input{Compose: webService("networks: [front]")}, "compose", 4, `network "front" is not declared`,
		},
		"undeclared volume": {Input{Compose: webService("volumes: [\"data:/data\"]")}, "compose", 4, `volume "data" is not declared`},
		"home directory": {
			Input{Compose: webService("volumes: [\"~/data:/data\"]")}, "compose", 4, `"~/data" begins with "~"`,
		},
		"mounted twice": {
			Input{Compose: webService("tmpfs: [/run]\nvolumes: [\"/x:/run\"]")}, "compose", 5, "/run is mounted twice, by tmpfs and by volumes",
		},
		"relative path without a directory": {
			Input{Compose: webService("volumes: [\"./x:/y\"]")}, "project_directory", 0, `names the relative path "./x": set project_directory`,
		},
		"include without a directory": {
			Input{Compose: "include: [other.yaml]\n" + webService("tty: true")}, "project_directory", 0, `names the relative path "other.yaml"`,
		},
		"remote include": {
			Input{Compose: "include: [\"https://example.com/c.yaml\"]\n" + webService("tty: true")}, "compose", 0, "include and extends read local files only",
		},
		"missing source": {
			Input{Compose: webService("volumes: [\"./x:/y\"]"), Dir: "/"}, "compose", 4, `volumes "./x" cannot be read: no such file or directory (looked for /x). A relative path is sent from where Terraform runs, and is read-only on the node.`,
		},
		"missing env_file": {
			Input{Compose: webService("env_file: [./nope.env]"), Dir: "/"}, "compose", 4, `env_file "./nope.env" cannot be read: no such file`,
		},
		"missing config file": {
			Input{Compose: webService("configs: [c]") + "configs:\n  c:\n    file: ./nope\n", Dir: "/"}, "compose", 7, `file "./nope" cannot be read`,
		},
		"missing build context": {
			Input{Compose: webService("build: ./nope"), Dir: "/"}, "compose", 4, `build.context "./nope" cannot be read`,
		},
		"missing directory":  {Input{Compose: webService("tty: true"), Dir: "/no/such"}, "project_directory", 0, "cannot be read: no such file"},
		"project name":       {Input{Name: "Media!", Compose: webService("tty: true")}, "name", 0, `"Media!" is not a Compose project name`},
		"pull":               {Input{Compose: webService("tty: true"), Pull: "often"}, "pull", 0, `"often" is not a pull policy`},
		"name in both maps":  {Input{Compose: webService("tty: true"), Variables: map[string]string{"A": "1"}, Secrets: map[string]string{"A": "2"}}, "secrets", 0, `"A" is both in variables and in secrets`},
		"reserved label":     {Input{Compose: webService("labels: {io.homelab.x: y}")}, "compose", 4, `label "io.homelab.x" is kept by the provider itself`},
		"replicas and port":  {Input{Compose: webService("scale: 2\nports: [\"8080:80\"]")}, "compose", 5, "2 replicas cannot all publish port 8080"},
		"replicas and name":  {Input{Compose: webService("scale: 2\ncontainer_name: one")}, "compose", 5, `2 replicas cannot share the container_name "one"`},
		"one port twice":     {Input{Compose: webService("ports: [\"8080:80\"]") + "  api: {image: x, ports: [\"127.0.0.1:8080:80\"]}\n"}, "compose", 4, `port 8080/tcp of the node is published by service "api" too`},
		"shared network":     {Input{Compose: webService("network_mode: service:vpn\nports: [\"80:80\"]") + "  vpn: {image: x}\n"}, "compose", 5, "ports cannot be used with network_mode service:vpn"},
		"address off subnet": {Input{Compose: webService("networks: {a: {ipv4_address: 10.9.0.2}}") + "networks: {a: {ipam: {config: [{subnet: 10.1.0.0/24}]}}}\n"}, "compose", 4, `10.9.0.2 is outside network "a" (10.1.0.0/24)`},
		"address, no subnet": {Input{Compose: webService("networks: {a: {ipv4_address: 10.9.0.2}}") + "networks: {a: {}}\n"}, "compose", 4, "needs a subnet"},
		"gateway":            {Input{Compose: webService("networks: [a]") + "networks: {a: {ipam: {config: [{subnet: 10.1.0.0/24, gateway: 10.2.0.1}]}}}\n"}, "compose", 5, "gateway 10.2.0.1 is outside the subnet 10.1.0.0/24"},
		"start interval":     {Input{Compose: webService("healthcheck: {test: a, start_interval: 1s}")}, "compose", 4, "healthcheck.start_interval needs healthcheck.start_period"},
		"external config":    {Input{Compose: webService("configs: [c]") + "configs: {c: {external: true}}\n"}, "compose", 5, `config "c": key "external" is not supported`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			errs := mustFail(t, tt.in)
			for _, e := range errs {
				if e.Attribute == tt.attribute && e.Line == tt.line && strings.Contains(e.Detail, tt.detail) {
					return
				}
			}
			t.Errorf("want %s, line %d: …%s…\ngot:\n%v", tt.attribute, tt.line, tt.detail, errs)
		})
	}
}

func TestLoad_SeveralMistakes_AreReportedAtOnce(t *testing.T) {
	errs := mustFail(t, Input{Compose: webService("develop: {watch: []}\ndepends_on: [db]\nnetworks: [front]\nvolumes: [\"data:/data\"]\nrestart: maybe")})
	if len(errs) != 5 {
		t.Errorf("want 5 errors, got %d: %v", len(errs), errs)
	}
	for i := 1; i < len(errs); i++ {
		if errs[i].Line < errs[i-1].Line {
			t.Errorf("errors are not in the order of lines: %v", errs)
		}
	}
}

func TestLoad_CancelledContext_ReturnsItsError(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Load(ctx, Input{Name: "demo", Compose: webService("volumes: [\"./:/x\"]"), Dir: "."})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestError_Text_NamesAttributeAndLine(t *testing.T) {
	e := &Error{Attribute: "compose", Detail: "no", Line: 3}
	if got := e.Error(); got != "compose, line 3: no" {
		t.Errorf("got %q", got)
	}
	if got := Errors(errors.Join(e, errors.New("other"))); len(got) != 1 || got[0] != e {
		t.Errorf("got %v", got)
	}
	if Errors(nil) != nil {
		t.Error("nil has errors")
	}
}

func TestLoad_AliasesOfAliases_AreRefusedBeforeTheyGrow(t *testing.T) {
	text := "x-0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n"
	for i := range 8 {
		alias := fmt.Sprintf("*a%d", i)
		text += fmt.Sprintf("x-%d: &a%d [%s]\n", i+1, i+1, strings.Join(slices.Repeat([]string{alias}, 10), ", "))
	}
	errs := mustFail(t, Input{Compose: text + webService("tty: true")})
	if !strings.Contains(errs[0].Detail, "too large") {
		t.Errorf("got %v", errs)
	}
}

func TestPathIn_NameThatIsNotASCII_StaysComplete(t *testing.T) {
	got := pathIn("validating compose.yaml: Église.image must be a string")
	if want := (fieldPath{"église", "image"}); !slices.Equal(got, want) {
		t.Errorf("pathIn found %q, want %q", got, want)
	}
}
