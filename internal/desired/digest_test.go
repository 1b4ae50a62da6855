package desired

import "testing"

func TestRepoDigest_Several_TheReferencesOwnRepositoryGoesFirst(t *testing.T) {
	listed := []string{"nginx@sha256:hub", "mirror.lan/docker/library/nginx@sha256:mirror", "nginx@sha256:also-hub"}
	for ref, want := range map[string]string{
		"nginx:1":                                "sha256:also-hub",
		"docker.io/library/nginx":                "sha256:also-hub",
		"mirror.lan/docker/library/nginx:latest": "sha256:mirror",
		"ghcr.io/other/nginx:1":                  "sha256:mirror", // the first of all
		"":                                       "sha256:mirror",
	} {
		if got := RepoDigest(ref, listed); got != want {
			t.Errorf("%q: %s, want %s", ref, got, want)
		}
	}
	if got := RepoDigest("nginx:1", nil); got != "" {
		t.Errorf("got %q", got)
	}
}
