package compose

import (
	"math/rand/v2"
	"reflect"
	"strings"
	"sync"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

// stackOfAll uses most of the model at once.
const stackOfAll = `
services:
  web:
    image: nginx
    ports: ["80"]
    volumes: ["data:/data", "/srv:/srv:ro"]
    environment: {A: 1}
    depends_on: [db]
    deploy: {replicas: 2, resources: {limits: {memory: 1g}}}
    healthcheck: {test: a, interval: 1s}
    networks: {front: {aliases: [x]}}
    scale: 2
  db: {image: pg, labels: [a=b], command: run a, init: true, ulimits: {nofile: {soft: 1, hard: 2}}}
volumes: {data: {}}
networks: {front: {driver: bridge, ipam: {config: [{subnet: 10.1.0.0/24}]}}}
`

// TestLoad_ComposeHash_EqualsDockerCompose holds what "docker compose -p demo
// config --hash '*'" of v5.5.1 prints for the same document.
func TestLoad_ComposeHash_EqualsDockerCompose(t *testing.T) {
	stack := mustLoad(t, Input{Compose: stackOfAll})
	want := map[string]string{
		"db":  "bed5163f6cffe8c6631d93038acdec0b9f0d19aee4ee6b95bfd300981e00381b",
		"web": "fd7018287fab8e02e31247580063c60712c79be33cb7fa3264db2957932c1334",
	}
	for name, hash := range want {
		if got := stack.Services[name].ComposeHash.Sum(nil); got != hash {
			t.Errorf("%s: got %s", name, got)
		}
	}
}

func TestLoad_ShortAndLongForms_AreEqual(t *testing.T) {
	tests := map[string][]string{
		"port":        {`ports: ["8080:80"]`, `ports: [{target: 80, published: 8080, protocol: tcp, mode: ingress}]`, `ports: [{published: "8080", target: 80}]`},
		"volume":      {`volumes: ["/a:/b:ro"]`, `volumes: [{type: bind, source: /a, target: /b, read_only: true, bind: {create_host_path: true}}]`},
		"health":      {`healthcheck: {test: "x y"}`, `healthcheck: {test: [CMD-SHELL, "x y"]}`},
		"environment": {"environment: [A=1, B=2]", "environment: {B: 2, A: \"1\"}"},
		"labels":      {"labels: [a=1]", "labels: {a: 1}"},
		"command":     {"command: a b", "command: [a, b]"},
		"ulimit":      {"ulimits: {nofile: 5}", "ulimits: {nofile: {soft: 5, hard: 5}}"},
		"size":        {"mem_limit: 1g", "mem_limit: 1073741824"},
		"duration":    {"stop_grace_period: 90s", "stop_grace_period: 1m30s"},
		"hosts":       {"extra_hosts: [\"a=10.0.0.1\"]", "extra_hosts: {a: 10.0.0.1}"},
		"networks":    {"networks: [default]", "networks: {default: {}}", "tty: false"},
		"order":       {"cap_add: [KILL, MKNOD]\nports: [\"1:1\", \"2:2\"]\nvolumes: [/a, /b]", "volumes: [/b, /a]\nports: [\"2:2\", \"1:1\"]\ncap_add: [MKNOD, KILL]"},
	}
	for name, forms := range tests {
		t.Run(name, func(t *testing.T) {
			first := withoutComposeHash(oneService(t, forms[0]))
			for _, form := range forms[1:] {
				if got := withoutComposeHash(oneService(t, form)); !reflect.DeepEqual(got, first) {
					t.Errorf("%s\n got %+v\nwant %+v", form, got, first)
				}
			}
		})
	}
}

// withoutComposeHash leaves out what Docker Compose itself takes for different.
func withoutComposeHash(s desired.Service) desired.Service {
	s.ComposeHash = desired.ComposeHash{}
	return s
}

func TestLoad_ReorderedAndReformatted_IsEqual(t *testing.T) {
	want := mustLoad(t, Input{Compose: stackOfAll})
	random := rand.New(rand.NewPCG(1, 2))
	for range 30 {
		var root yaml.Node
		if err := yaml.Unmarshal([]byte(stackOfAll), &root); err != nil {
			t.Fatal(err)
		}
		shuffle(random, &root)
		text, err := yaml.Marshal(&root)
		if err != nil {
			t.Fatal(err)
		}
		if got := mustLoad(t, Input{Compose: string(text)}); !reflect.DeepEqual(got, want) {
			t.Fatalf("%s\ngives another stack", text)
		}
	}
}

// shuffle changes the order of keys and the style of everything.
func shuffle(random *rand.Rand, node *yaml.Node) {
	if node.Kind == yaml.MappingNode {
		random.Shuffle(len(node.Content)/2, func(i, j int) {
			for k := range 2 {
				node.Content[2*i+k], node.Content[2*j+k] = node.Content[2*j+k], node.Content[2*i+k]
			}
		})
	}
	if node.Kind != yaml.ScalarNode {
		node.Style = []yaml.Style{0, yaml.FlowStyle}[random.IntN(2)]
	} else if node.Tag == "!!str" {
		node.Style = []yaml.Style{yaml.DoubleQuotedStyle, yaml.SingleQuotedStyle}[random.IntN(2)]
	}
	for _, child := range node.Content {
		shuffle(random, child)
	}
}

func TestLoad_SameInput_GivesTheSameStack(t *testing.T) {
	want := mustLoad(t, Input{Compose: stackOfAll})
	for range 20 {
		if got := mustLoad(t, Input{Compose: stackOfAll}); !reflect.DeepEqual(got, want) {
			t.Fatal("two loads differ")
		}
	}
}

func FuzzLoad_AnyText_NeitherPanicsNorLeaks(f *testing.F) {
	for _, seed := range []string{stackOfAll, "services: {a: {image: $PW}}", "a: [", "services:\n  web: &a\n    image: x\n  b: *a\n", "{}", "services: {a: {ports: [{}], build: , volumes: [{}]}}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		_, err := Load(t.Context(), Input{Name: "demo", Compose: text, Secrets: map[string]string{"PW": "zq9-unlikely"}})
		if err != nil && !strings.Contains(text, "zq9") && strings.Contains(err.Error(), "zq9") {
			t.Errorf("the error holds the secret: %v", err)
		}
	})
}

func TestLoad_ManyAtOnce_AgreeWithEachOther(t *testing.T) {
	in := Input{Name: "demo", Compose: stackOfAll, Secrets: map[string]string{"PW": "x"}}
	want, err := Load(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			if got, err := Load(t.Context(), in); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("got another stack, %v", err)
			}
		})
	}
	group.Wait()
}
