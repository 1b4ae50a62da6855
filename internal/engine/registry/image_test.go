package registry_test

import (
	"errors"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/homelab-iac/terraform-provider-homelab/internal/engine/registry"
)

func builtAt(p v1.Platform) time.Time {
	return time.Date(2026, 1, len(p.Architecture), 0, 0, 0, 0, time.UTC)
}

func imageFor(t *testing.T, p v1.Platform) v1.Image {
	t.Helper()
	image, err := mutate.ConfigFile(empty.Image, &v1.ConfigFile{OS: p.OS, Architecture: p.Architecture, Variant: p.Variant, Created: v1.Time{Time: builtAt(p)}})
	if err != nil {
		t.Fatal(err)
	}
	return image
}

// pushIndex stores an index and returns the digests by platform, its own under "".
func pushIndex(t *testing.T, ref string, platforms ...v1.Platform) map[string]string {
	t.Helper()
	digests := map[string]string{}
	var index v1.ImageIndex = empty.Index
	for _, p := range platforms {
		image := imageFor(t, p)
		digest, err := image.Digest()
		if err != nil {
			t.Fatal(err)
		}
		digests[p.String()] = digest.String()
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: &p}})
	}
	parsed, err := name.ParseReference(ref)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.WriteIndex(parsed, index); err != nil {
		t.Fatal(err)
	}
	digest, err := index.Digest()
	if err != nil {
		t.Fatal(err)
	}
	digests[""] = digest.String()
	return digests
}

var (
	amd64   = v1.Platform{OS: "linux", Architecture: "amd64"}
	armV7   = v1.Platform{OS: "linux", Architecture: "arm", Variant: "v7"}
	unknown = v1.Platform{OS: "unknown", Architecture: "unknown"}
)

func TestImage_Index_ListsItsPlatformsWithoutAttestations(t *testing.T) {
	ref := start(t, open) + "/app:1"
	digests := pushIndex(t, ref, armV7, amd64, unknown)
	for wanted, want := range map[string]registry.Image{
		"":             {Digest: digests[""], Created: builtAt(armV7)},
		"linux/amd64":  {Digest: digests[""], PlatformDigest: digests["linux/amd64"], Created: builtAt(amd64)},
		"linux/arm/v7": {Digest: digests[""], PlatformDigest: digests["linux/arm/v7"], Created: builtAt(armV7)},
		"linux/arm":    {Digest: digests[""], PlatformDigest: digests["linux/arm/v7"], Created: builtAt(armV7)},
	} {
		got, err := resolver().Image(t.Context(), ref, wanted)
		if err != nil || !slices.Equal(got.Platforms, []string{"linux/amd64", "linux/arm/v7"}) {
			t.Errorf("%q: got %v, %v", wanted, got.Platforms, err)
		}
		if got.Digest != want.Digest || got.PlatformDigest != want.PlatformDigest || !got.Created.Equal(want.Created) {
			t.Errorf("%q: got %+v, want %+v", wanted, got, want)
		}
	}
}

func TestImage_PlatformItLacks_NamesThoseItHas(t *testing.T) {
	host := start(t, open)
	pushIndex(t, host+"/app:1", armV7, amd64)
	if err := remote.Write(mustTag(t, host+"/single:1"), imageFor(t, amd64)); err != nil {
		t.Fatal(err)
	}
	for ref, has := range map[string]string{"/app:1": "linux/amd64, linux/arm/v7", "/single:1": "linux/amd64"} {
		_, err := resolver().Image(t.Context(), host+ref, "linux/s390x")
		var e *registry.Error
		if !errors.As(err, &e) || !errors.Is(err, registry.ErrNoPlatform) || !strings.Contains(e.Detail(), "not made for linux/s390x, only for "+has) {
			t.Errorf("%s: got %v", ref, err)
		}
	}
}

func TestImage_Single_ReadsItsConfiguration(t *testing.T) {
	ref := start(t, open) + "/app:1"
	image := imageFor(t, armV7)
	if err := remote.Write(mustTag(t, ref), image); err != nil {
		t.Fatal(err)
	}
	digest, err := image.Digest()
	if err != nil {
		t.Fatal(err)
	}
	got, err := resolver().Image(t.Context(), ref, "")
	if err != nil || got.Digest != digest.String() || got.PlatformDigest != got.Digest ||
		!slices.Equal(got.Platforms, []string{"linux/arm/v7"}) || !got.Created.Equal(builtAt(armV7)) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestLists_DigestOfOnePlatform_IsFoundInTheIndex(t *testing.T) {
	host := start(t, open)
	digests := pushIndex(t, host+"/app:1", armV7, amd64)
	single := push(t, host+"/single:1")
	for _, c := range []struct {
		ref, digest string
		want        bool
	}{
		{"/app:1", digests["linux/amd64"], true}, {"/app:1", digests[""], false}, {"/app:1", single, false}, {"/single:1", single, false},
	} {
		if got, err := resolver().Lists(t.Context(), host+c.ref, c.digest); err != nil || got != c.want {
			t.Errorf("%+v: got %v, %v", c, got, err)
		}
	}
}

func mustTag(t *testing.T, ref string) name.Tag {
	t.Helper()
	tag, err := name.NewTag(ref)
	if err != nil {
		t.Fatal(err)
	}
	return tag
}

func TestOffer_IndexAndSingleImage_SayWhatTheyAreFor(t *testing.T) {
	var asked atomic.Int32
	host := start(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.URL.Path, "/manifests/") || strings.Contains(r.URL.Path, "/blobs/") {
				asked.Add(1)
			}
			next.ServeHTTP(w, r)
		})
	})
	pushIndex(t, host+"/app:index", v1.Platform{OS: "linux", Architecture: "arm", Variant: "v7"},
		v1.Platform{OS: "unknown", Architecture: "unknown"}, v1.Platform{OS: "linux", Architecture: "amd64"})
	parsed, err := name.ParseReference(host + "/app:single")
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(parsed, imageFor(t, v1.Platform{OS: "linux", Architecture: "arm", Variant: "v7"})); err != nil {
		t.Fatal(err)
	}
	for tag, want := range map[string]struct {
		offer    registry.Offer
		requests int32
	}{
		"index":  {registry.Offer{Platforms: []string{"linux/amd64", "linux/arm/v7"}}, 1},
		"single": {registry.Offer{Platforms: []string{"linux/arm/v7"}, Single: true}, 2},
	} {
		asked.Store(0)
		got, err := resolver().Offer(t.Context(), host+"/app:"+tag)
		if err != nil || !reflect.DeepEqual(got, want.offer) || asked.Load() != want.requests {
			t.Errorf("%s: got %+v in %d requests, %v", tag, got, asked.Load(), err)
		}
	}
}

func TestOffer_RegistryIsBusy_IsAskedOnce(t *testing.T) {
	var asked atomic.Int32
	host := start(t, answer(100, http.StatusServiceUnavailable, nil, &asked))
	if _, err := resolver().Offer(t.Context(), host+"/app:1"); !errors.Is(err, registry.ErrUnreachable) || asked.Load() != 1 {
		t.Errorf("asked %d times: %v", asked.Load(), err)
	}
}
