package plan

import "strings"

// ignoredFields are the fields that an engine ignores without an error; one that ends
// with a dot stands for all below it. They are annotations before API 1.43, what is for
// Windows only, and limits that the node's kernel lacks. "docker update" cannot remove
// any of them, so a container without them was created without them.
var ignoredFields = []string{"annotations.", "blkio_config.", "cpu_count", "cpu_percent", "cpu_rt_period", "cpu_rt_runtime", "mem_swappiness", "oom_kill_disable"}

// isIgnored reports whether a container that was made from the definition as it
// is now may lack a field: to recreate it would not help.
func isIgnored(key string) bool {
	for _, field := range ignoredFields {
		if key == field || strings.HasSuffix(field, ".") && strings.HasPrefix(key, field) {
			return true
		}
	}
	return false
}
