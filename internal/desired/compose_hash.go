package desired

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// ComposeHash is Docker Compose's own hash of a service, for the label that its
// commands look for. Docker Compose hashes references to other services as the
// IDs of their containers, so the hash of a service that has any is complete
// only when those exist. The zero value is not a hash.
type ComposeHash struct {
	text     string
	services []string
}

// NewComposeHash returns the hash of a text in which ContainerMark replaces
// the containers of the named services.
func NewComposeHash(text string, services ...string) ComposeHash {
	return ComposeHash{text: text, services: services}
}

// ContainerMark is what is in a text of NewComposeHash, encoded in JSON, for
// the ID of a service's first container. NUL is in no Compose document.
func ContainerMark(service string) string { return "\x00" + service + "\x00" }

// Sum returns the hash in hexadecimal digits. id gives the ID of the first
// container of a service.
func (h ComposeHash) Sum(id func(service string) string) string {
	if h.text == "" {
		return ""
	}
	text := h.text
	for _, name := range h.services {
		text = strings.ReplaceAll(text, `\u0000`+name+`\u0000`, id(name))
	}
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
