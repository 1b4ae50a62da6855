package execute

import (
	"context"
	"encoding/base64"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/image"
	spec "github.com/moby/docker-image-spec/specs-go/v1"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
)

// inline is a build of one Dockerfile, in an empty context.
func inline(t *testing.T, hash string, bases ...desired.Image) *desired.Build {
	t.Helper()
	return &desired.Build{Context: t.TempDir(), DockerfileInline: "FROM x", Hash: hash, Bases: bases}
}

// builds is a plan that builds the images of all services at once.
func builds(images map[string]desired.Image) (*desired.Stack, *plan.Plan) {
	w, p := &desired.Stack{Name: "home", Services: map[string]desired.Service{}}, &plan.Plan{}
	for name, img := range images {
		w.Services[name] = desired.Service{Name: name, Image: img}
		p.Operations = append(p.Operations, &plan.Operation{ID: "build " + name, Kind: plan.BuildImage, Service: name})
	}
	return w, p
}

// built lists the images that were built, in order.
func built(f *fake) (names []string) {
	for _, call := range f.called() {
		if name, ok := strings.CutPrefix(call, "build "); ok {
			names = append(names, name)
		}
	}
	return names
}

func TestBuild_ImagesOfEachOther_AreBuiltInOrderAndOnce(t *testing.T) {
	base := desired.Image{Reference: "base", Build: inline(t, "1")}
	middle := desired.Image{Reference: "middle", Build: inline(t, "2", base)}
	last := desired.Image{Reference: "last", Build: inline(t, "3", middle, base)}
	for range 20 { // whichever comes first
		f := &fake{}
		w, p := builds(map[string]desired.Image{"a": last, "b": middle, "c": base, "d": base})
		if err := Run(t.Context(), f, w, p, Options{Slots: NewSlots(1)}); err != nil {
			t.Fatal(err)
		}
		if got := built(f); !slices.Equal(got, []string{"base", "middle", "last"}) {
			t.Fatalf("built %q", got)
		}
	}
}

func TestBuild_BaseFails_ItsDependentsAreNotBuilt(t *testing.T) {
	f := &fake{fault: failing("build base")}
	w, p := builds(map[string]desired.Image{"a": {Reference: "last", Build: inline(t, "2", desired.Image{Reference: "base", Build: inline(t, "1")})}})
	if err := Run(t.Context(), f, w, p, Options{}); err == nil || !strings.Contains(err.Error(), "build image base") {
		t.Errorf("got %v", err)
	}
	if got := built(f); !slices.Equal(got, []string{"base"}) {
		t.Errorf("built %q", got)
	}
}

// havingBase is an engine that has the image "base", built from a hash.
type havingBase struct {
	*fake
	hash string
}

func (h havingBase) ImageInspect(context.Context, string) (image.InspectResponse, error) {
	return image.InspectResponse{Config: &spec.DockerOCIImageConfig{ImageConfig: ocispec.ImageConfig{
		Labels: map[string]string{desired.LabelBuildHash: h.hash}}}}, nil
}

func TestBuild_BaseIsThere_IsBuiltOnlyWhenItDiffers(t *testing.T) {
	base := desired.Image{Reference: "base", Build: inline(t, "1")}
	for hash, want := range map[string][]string{"1": {"last"}, "other": {"base", "last"}} {
		f := &fake{}
		w, p := builds(map[string]desired.Image{"a": {Reference: "last", Build: inline(t, "2", base)}})
		if err := Run(t.Context(), havingBase{f, hash}, w, p, Options{}); err != nil {
			t.Fatal(err)
		}
		if got := built(f); !slices.Equal(got, want) {
			t.Errorf("%s: built %q", hash, got)
		}
	}
}

func TestBuild_EngineWithoutBuildKit_UsesTheClassicBuilderOrSaysWhatNeedsMore(t *testing.T) {
	var told []string
	f := &fake{}
	w, p := builds(map[string]desired.Image{"a": {Reference: "plain", Build: inline(t, "1")}})
	if err := Run(t.Context(), f, w, p, Options{Progress: func(_ context.Context, line string) { told = append(told, line) }}); err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(told, func(line string) bool { return strings.Contains(line, "its classic builder is used") }) {
		t.Errorf("told %q", told)
	}
	b := inline(t, "1")
	b.Secrets, b.Syntax = []desired.BuildSecret{{ID: "s", Value: []byte("swordfish")}}, []string{"RUN --mount"}
	w, p = builds(map[string]desired.Image{"a": {Reference: "more", Build: b}})
	err := Run(t.Context(), f, w, p, Options{})
	if err == nil || !strings.Contains(err.Error(), "it uses build.secrets, RUN --mount, which needs BuildKit") || strings.Contains(err.Error(), "swordfish") {
		t.Errorf("got %v", err)
	}
	if got := built(f); !slices.Equal(got, []string{"plain"}) {
		t.Errorf("built %q", got)
	}
}

func TestBuild_ClassicBuilder_GetsTheCredentialsOfTheBasesRegistries(t *testing.T) {
	f := &fake{}
	b := inline(t, "1")
	tag := "2"
	b.DockerfileInline = "ARG TAG=1\nFROM r.lan:5000/base:$TAG AS made\nRUN true\nFROM nginx\nCOPY --from=made /x /x\nCOPY --from=open.lan/tool /y /y\n"
	b.Args, b.CacheFrom = map[string]*string{"TAG": &tag}, []string{"cache.lan/app"}
	w, p := builds(map[string]desired.Image{"a": {Reference: "plain", Build: b}})
	auth := func(_ context.Context, ref string) (string, error) {
		server := map[string]string{"r.lan:5000/base:2": "r.lan:5000", "nginx": "https://index.docker.io/v1/", "cache.lan/app": "cache.lan"}[ref]
		if server == "" {
			return "", nil
		}
		return base64.URLEncoding.EncodeToString([]byte(`{"username":"lab","password":"of ` + ref + `","serveraddress":"` + server + `"}`)), nil
	}
	if err := Run(t.Context(), f, w, p, Options{Auth: auth}); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for server, one := range f.buildAuths {
		got[server] = one.Password
	}
	want := map[string]string{"r.lan:5000": "of r.lan:5000/base:2", "https://index.docker.io/v1/": "of nginx", "cache.lan": "of cache.lan/app"}
	if !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestCredentials_EnginesForm_IsReadForBuildKit(t *testing.T) {
	for document, want := range map[string]string{
		`{"username":"u","password":"p"}`:            "u p",
		`{"username":"u","identitytoken":"refresh"}`: " refresh",
		"":     " ",
		"none": "the credentials cannot be read",
	} {
		r := newRun(&fake{}, &desired.Stack{}, &plan.Plan{}, Options{Auth: func(_ context.Context, ref string) (string, error) {
			if ref != "r.example:5000/any" {
				return "", errors.New(ref)
			}
			return base64.URLEncoding.EncodeToString([]byte(document)), nil
		}})
		user, password, err := r.credentials(t.Context(), "r.example:5000")
		if got := user + " " + password; err == nil && got != want || err != nil && err.Error() != want {
			t.Errorf("%s: got %q, %v", document, got, err)
		}
	}
}
