package desired

import "strings"

// freeText are the fields whose values are any text at all; those that end in a
// dot have names below them.
var freeText = [...]string{"environment.", "labels.", "annotations.", "command", "entrypoint", "healthcheck.test", "logging.options."}

// IsFreeText reports whether the value of a field of a Spec is text that can hold
// anything, and so a password that nobody declared as a secret. All other fields are
// names, numbers, paths, addresses and choices.
func IsFreeText(key string) bool {
	for _, field := range freeText {
		if key == field || strings.HasSuffix(field, ".") && strings.HasPrefix(key, field) {
			return true
		}
	}
	return IsHook(key) && (strings.HasSuffix(key, ".command") || strings.Contains(key, ".environment."))
}
