package check

import (
	"strconv"
	"strings"
)

// OlderThan compares versions such as "1.9" and "1.41". One that is not known
// is not older.
func OlderThan(version, than string) bool {
	a, b := strings.Split(version, "."), strings.Split(than, ".")
	for i := range min(len(a), len(b)) {
		x, err := strconv.Atoi(a[i])
		y, _ := strconv.Atoi(b[i])
		if err != nil || x != y {
			return err == nil && x < y
		}
	}
	return false
}
