package compare

import (
	"maps"
	"slices"
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
)

// Fields lists the fields that differ, with both values.
func Fields(one, other map[string]string) []string {
	var lines []string
	for _, field := range SortedKeys(one, other) {
		a, b := OrAbsent(one, field), OrAbsent(other, field)
		if a != b {
			lines = append(lines, field+": "+a+" -> "+b)
		}
	}
	return lines
}

// Identities are the IDs of a project's containers by their names without the
// project's, and those of them whose hash cannot be Docker Compose's, as they were
// given a secret.
func (e *Engine) Identities(t testing.TB, project string) (ids map[string]string, secret []string) {
	t.Helper()
	ids = map[string]string{}
	for _, c := range e.containers(t, project) {
		ids[c.name] = c.id[:12]
		config, _ := c.fields["Config"].(map[string]any)
		labels, _ := config["Labels"].(map[string]any)
		if labels["io.homelab.secret-version"] != nil {
			secret = append(secret, c.name)
		}
	}
	return ids, secret
}

// SortedKeys returns the keys of all maps.
func SortedKeys[V any](all ...map[string]V) []string {
	keys := map[string]bool{}
	for _, m := range all {
		for key := range m {
			keys[key] = true
		}
	}
	return slices.Sorted(maps.Keys(keys))
}

// OrAbsent returns a field's value, or acctest.Absent.
func OrAbsent(m map[string]string, key string) string {
	if v, ok := m[key]; ok {
		return v
	}
	return acctest.Absent
}
