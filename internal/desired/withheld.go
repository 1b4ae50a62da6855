package desired

import "strings"

// withheld begins the texts that replace secrets which were not decrypted. It is
// so long that nobody's secret begins with it.
const withheld = "homelab-not-decrypted-5d0c7a1e93b84f62:"

// Withhold returns the text that replaces the secret with a name until it is decrypted,
// for where a value that is not known cannot be passed on.
func Withhold(name string) string { return withheld + name }

// Withheld reports whether a text is, or was made with, one of Withhold.
func Withheld(text string) bool { return strings.Contains(text, withheld) }
