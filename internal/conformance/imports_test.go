package conformance_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/conformance"
)

// imports plans to take over what Docker Compose started: no service may change,
// except for one whose files are delivered from now on.
func (s *suite) imports(t *testing.T, projects []conformance.Project) {
	t.Helper()
	tf := newTerraform(t, s.engine.node.Host, projects)
	tf.plan(t, true)
	for name, lines := range tf.changes(t) {
		for _, line := range lines {
			if !expectedOnImport(line, lines) {
				t.Errorf("%s: after the import the plan changes %s", name, line)
			}
		}
	}
}

var (
	changedService = regexp.MustCompile(`^services\.([^.]+)\.`)
	fromAbsent     = regexp.MustCompile(`^(networks|volumes)\.[^:]+: \(absent\) -> `)
)

// expectedOnImport reports whether a line of a plan that imports is no change to a
// service: external networks and volumes, and services without a container, are
// known from the documents only; a directory that Docker Compose bound is
// delivered.
func expectedOnImport(line string, all []string) bool {
	if fromAbsent.MatchString(line) || strings.HasSuffix(line, "s: {} -> (absent)") {
		return true
	}
	service := changedService.FindString(line)
	return service != "" && (slices.Contains(all, service+"replicas: (absent) -> 0") ||
		slices.ContainsFunc(all, func(other string) bool {
			return strings.HasPrefix(other, service+"spec.volumes.") && strings.Contains(other, ` -> "sha256:`)
		}))
}
