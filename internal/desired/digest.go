package desired

import (
	"slices"
	"strings"

	"github.com/distribution/reference"
)

// RepoDigest chooses, among the digests that an engine lists for an image
// ("repository@sha256:…"), the one of a reference's own repository; without one
// there, the first of all. It is empty for an image that no registry knows.
func RepoDigest(ref string, repoDigests []string) string {
	sorted := slices.Sorted(slices.Values(repoDigests))
	var first string
	for _, entry := range sorted {
		repository, digest, ok := strings.Cut(entry, "@")
		if !ok {
			continue
		}
		if first == "" {
			first = digest
		}
		if ref != "" && sameRepository(ref, repository) {
			return digest
		}
	}
	return first
}

// sameRepository compares by what references mean: "nginx" is
// "docker.io/library/nginx".
func sameRepository(a, b string) bool {
	x, errX := reference.ParseNormalizedNamed(a)
	y, errY := reference.ParseNormalizedNamed(b)
	return errX == nil && errY == nil && x.Name() == y.Name()
}
