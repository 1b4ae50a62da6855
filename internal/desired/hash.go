package desired

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"sort"
	"strings"
)

// hashVersion goes up whenever the same service would hash differently, so
// that a newer provider never takes its own old containers for changed ones.
const hashVersion = "v1"

// Hash returns "v1:" and 64 hexadecimal digits over everything a container of
// the service is made from, secrets left out: what a secret is now is compared
// with the node itself, and so are networks, which a container can join later.
// It depends on the order of nothing.
func (s *Service) Hash() string {
	h := sha256.New()
	field := func(key, value string) { fmt.Fprintf(h, "%d:%s=%d:%s;", len(key), key, len(value), value) }
	field("image", s.Image.Reference)
	field("container_name", s.ContainerName)
	spec := s.Spec(nil).Masked(s.Secret, 1)
	for _, key := range spec.Keys() {
		if key == "build" || strings.HasPrefix(key, "networks.") { // the image's own identity says what was built
			continue
		}
		field(key, spec[key])
	}
	writeSecretNames(h, s.Secret)
	return hashVersion + ":" + hex.EncodeToString(h.Sum(nil))
}

func writeSecretNames(w io.Writer, secret map[string][]string) {
	keys := make([]string, 0, len(secret))
	for key := range secret {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	for _, key := range keys {
		names := append([]string(nil), secret[key]...)
		sort.Strings(names)
		fmt.Fprintf(w, "secret %s %q;", key, names)
	}
}

// SameHashVersion reports whether a recorded hash can be compared with today's.
func SameHashVersion(hash string) bool {
	return len(hash) > len(hashVersion) && hash[:len(hashVersion)+1] == hashVersion+":"
}
