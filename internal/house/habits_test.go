package house_test

import (
	"fmt"
	"slices"
)

// localFiles finds files of a configuration that are opened without a look at what
// they are.
func localFiles(files []file) []string {
	var offences []string
	for _, f := range inProvider(files) {
		for _, name := range []string{"Open", "ReadFile"} {
			if line, used := f.uses[selection{"os", name}]; used {
				offences = append(offences, fmt.Sprintf("%s:%d uses os.%s", f.path, line, name))
			}
		}
	}
	return offences
}

// inProvider are the files that the provider's program is made of.
func inProvider(files []file) []file {
	return slices.DeleteFunc(shipped(files), func(f file) bool {
		return f.layer() == "" || f.layer() != "provider" && slices.Contains(exempt, f.layer())
	})
}
