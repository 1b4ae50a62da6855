package compose

import (
	"maps"
	"strings"
	"testing"
)

// Docker Compose overwrites some labels, so that a document with them runs; what it
// would keep is refused, as it could not be distinguished from bookkeeping.
func TestLoad_LabelsDockerComposeOverwrites_HaveNoEffect(t *testing.T) {
	const document = `services:
  web:
    image: x
    labels: {com.docker.compose.project: other, com.docker.compose.service: other, a: b}
    networks: [front]
    volumes: ["data:/data"]
networks: {front: {labels: {com.docker.compose.network: other}}}
volumes: {data: {labels: [com.docker.compose.volume=other, c=d]}}
`
	stack, err := Load(t.Context(), Input{Name: "demo", Compose: document})
	if err != nil {
		t.Fatal(err)
	}
	for name, pair := range map[string][2]map[string]string{
		"service": {stack.Services["web"].Config.Labels, {"a": "b"}},
		"network": {stack.Networks["front"].Labels, nil},
		"volume":  {stack.Volumes["data"].Labels, {"c": "d"}},
	} {
		if !maps.Equal(pair[0], pair[1]) {
			t.Errorf("the %s has the labels %v, not %v", name, pair[0], pair[1])
		}
	}
	if n := strings.Count(strings.Join(stack.Warnings, "\n"), "has no effect"); n != 4 {
		t.Errorf("%d warnings, not 4: %q", n, stack.Warnings)
	}
	for _, section := range []string{
		"services: {web: {image: x, labels: {com.docker.compose.network: a}}}",
		"services: {web: {image: x}}\nnetworks: {default: {labels: {com.docker.compose.other: a}}}",
	} {
		if _, err := Load(t.Context(), Input{Name: "demo", Compose: section}); err == nil || !strings.Contains(err.Error(), "is kept by the provider itself") {
			t.Errorf("%s: %v", section, err)
		}
	}
}
