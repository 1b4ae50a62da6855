package plan

import "strings"

// discarded are the fields that an engine drops without a word, wholly or with
// all below them: annotations before API 1.43, what is for Windows only, and
// limits that the node's kernel lacks. "docker update" cannot take any of them
// away, so that a container without them was made without them.
var ignoredFields = []string{"annotations.", "blkio_config.", "cpu_count", "cpu_percent", "cpu_rt_period", "cpu_rt_runtime", "mem_swappiness", "oom_kill_disable"}

// isIgnored reports whether a container that was made from the definition as it
// is now may lack a field: making it again would not help.
func isIgnored(key string) bool {
	for _, field := range ignoredFields {
		if key == field || strings.HasSuffix(field, ".") && strings.HasPrefix(key, field) {
			return true
		}
	}
	return false
}
