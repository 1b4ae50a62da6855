package compose_test

import (
	"reflect"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/homelab-iac/terraform-provider-homelab/internal/compose"
)

func TestCompact_Document_HasFewerLinesAndTheSameMeaning(t *testing.T) {
	const text = `"configs":
  "a":
    "content": |
      one: 1

      two, "three": [4]
"services":
  "web":
    "cap_drop":
    - "ALL"
    "command":
    - "sh"
    - "-c"
    - |
      exit 1
    "environment":
      "A": "yes"
      "B": "1"
      "C": "a, b: {c} # d"
      "D": null
      "E": ""
      "F": "0o17"
    "labels":
      "label.one": "a value that is long enough to fill some of a line"
      "label.two": "another value, and a little longer than the other is"
      "label.three": "Host(` + "`web.home.arpa`" + `)"
    "secrets": []
    "volumes":
    - "bind":
        "create_host_path": false
      "source": "/opt/a-rather-long-path/below/another/one/to/fill/the/line/up/to/its/end"
      "target": "/config"
      "type": "bind"
    - "type": "bind"
`
	const want = `configs:
  a:
    content: |
      one: 1

      two, "three": [4]
services:
  web:
    cap_drop: [ALL]
    command:
      - sh
      - -c
      - |
        exit 1
    environment: {A: "yes", B: "1", C: "a, b: {c} # d", D: null, E: "", F: "0o17"}
    labels: {label.one: "a value that is long enough to fill some of a line",
      label.two: "another value, and a little longer than the other is", label.three: "Host(` + "`web.home.arpa`" + `)"}
    secrets: []
    volumes:
      -
        bind: {create_host_path: false}
        source: /opt/a-rather-long-path/below/another/one/to/fill/the/line/up/to/its/end
        target: /config
        type: bind
      - {type: bind}
`
	got, err := compose.Compact(text)
	if err != nil || got != want {
		t.Errorf("got (%v)\n%s\nwant\n%s", err, got, want)
	}
	var before, after any
	if yaml.Unmarshal([]byte(text), &before) != nil || yaml.Unmarshal([]byte(got), &after) != nil || !reflect.DeepEqual(before, after) {
		t.Errorf("it means %v, and meant %v", after, before)
	}
	if again, err := compose.Compact(got); err != nil || again != got {
		t.Errorf("once more it is (%v)\n%s", err, again)
	}
}

func TestCompact_NoDocument_IsAnError(t *testing.T) {
	for text, want := range map[string]string{"a: [": "did not find", "- a": "not a mapping", "": "not one YAML document", "a: 1\n---\nb: 2\n": "not one YAML document"} {
		if _, err := compose.Compact(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}
