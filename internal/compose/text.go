package compose

import (
	"strings"
	"unicode/utf8"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

// checkText refuses what cannot be carried to a container: the engine's API is JSON,
// which replaces bytes that are not UTF-8, and the kernel ends a text at its first
// zero byte.
func (l *load) checkText(service *desired.Service) {
	spec := service.Spec(nil)
	for key, list := range map[string][]string{"command": service.Config.Cmd, "entrypoint": service.Config.Entrypoint} {
		if len(list) > 0 {
			spec[key] = strings.Join(list, " ") // as it is, not as a list is shown
		}
	}
	for _, key := range spec.Keys() {
		field, name, _ := strings.Cut(key, ".")
		if name != "" && utf8.ValidString(name) {
			name = " " + quote(name)
		} else {
			name = ""
		}
		switch {
		case !utf8.ValidString(key + spec[key]):
			l.addServiceError(service.Name, field, "%s%s has bytes that are not UTF-8, which the engine would change: convert the file that it comes from, as with iconv -f latin1 -t utf-8", field, name)
		case strings.ContainsRune(key+spec[key], 0):
			l.addServiceError(service.Name, field, "%s%s has a zero byte, at which the system would cut it off: remove it", field, name)
		}
	}
}

// checkAbsolute refuses a directory that the engine would.
func (l *load) checkAbsolute(service *desired.Service) {
	if dir := service.Config.WorkingDir; dir != "" && !strings.HasPrefix(dir, "/") {
		l.addServiceError(service.Name, "working_dir", "working_dir %q is not an absolute path: write the path in the container, such as /app", dir)
	}
}
