package provider_test

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	ggcr "github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/image"
)

var (
	registryType   = tftypes.Object{AttributeTypes: map[string]tftypes.Type{"mirror": tftypes.String, "username": tftypes.String, "password": tftypes.String}}
	registriesType = tftypes.Map{ElementType: registryType}
)

// registries is the attribute with one entry; attributes not given are null.
func registries(host string, given map[string]any) map[string]tftypes.Value {
	values := map[string]tftypes.Value{}
	for name := range registryType.AttributeTypes {
		values[name] = tftypes.NewValue(tftypes.String, given[name])
	}
	return map[string]tftypes.Value{"registries": tftypes.NewValue(registriesType, map[string]tftypes.Value{host: tftypes.NewValue(registryType, values)})}
}

func TestValidateConfig_UnusableRegistry_NamesTheAttribute(t *testing.T) {
	for name, c := range map[string]struct {
		host, attribute, text string
		given                 map[string]any
	}{
		"scheme in the key":    {"https://docker.io", "", "without a scheme", nil},
		"scheme in the mirror": {"docker.io", "mirror", `write "registry.lan/docker"`, map[string]any{"mirror": "http://registry.lan/docker"}},
		"no password":          {"docker.io", "password", "without a password", map[string]any{"username": "me"}},
		"no username":          {"docker.io", "username", "without a username", map[string]any{"password": "hunter2"}},
	} {
		t.Run(name, func(t *testing.T) {
			at := path.Root("registries").AtMapKey(c.host)
			if c.attribute != "" {
				at = at.AtName(c.attribute)
			}
			requireOne(t, validateAll(t, registries(c.host, c.given)), &at, "Invalid registry configuration", c.text)
			requireOne(t, configureAll(t, registries(c.host, c.given)).Diagnostics, &at, "Invalid registry configuration", c.text)
		})
	}
}

func TestValidateConfig_RegistryUnderTwoNames_IsRefused(t *testing.T) {
	empty := tftypes.NewValue(registryType, map[string]tftypes.Value{"mirror": tftypes.NewValue(tftypes.String, nil),
		"username": tftypes.NewValue(tftypes.String, nil), "password": tftypes.NewValue(tftypes.String, nil)})
	given := tftypes.NewValue(registriesType, map[string]tftypes.Value{"docker.io": empty, "index.docker.io": empty})
	at := path.Root("registries").AtMapKey("index.docker.io")
	requireOne(t, validateAll(t, map[string]tftypes.Value{"registries": given}), &at, "Invalid registry configuration", "are the same registry")
}

func TestValidateConfig_UnknownRegistryValues_AreQuiet(t *testing.T) {
	for name, given := range map[string]map[string]tftypes.Value{
		"all":      {"registries": tftypes.NewValue(registriesType, tftypes.UnknownValue)},
		"entry":    {"registries": tftypes.NewValue(registriesType, map[string]tftypes.Value{"docker.io": tftypes.NewValue(registryType, tftypes.UnknownValue)})},
		"password": registries("docker.io", map[string]any{"username": "me", "password": tftypes.UnknownValue}),
	} {
		if diags := validateAll(t, given); len(diags) > 0 {
			t.Errorf("%s: %v", name, diags)
		}
		configured := configureAll(t, given)
		if len(configured.Diagnostics) > 0 {
			t.Errorf("configure %s: %v", name, configured.Diagnostics)
		}
		resp := readImage(t, configured.DataSourceData, "nginx:1", nil, false)
		requireOne(t, resp.Diagnostics, nil, "Registry not known until apply", "depends_on")
		if resp := readImage(t, configured.DataSourceData, "nginx:1", nil, true); resp.Deferred == nil {
			t.Errorf("%s: not deferred where Terraform allows it", name)
		}
	}
}

// readImage reads homelab_image; nil means no platform.
func readImage(t *testing.T, provider any, name string, platform any, deferral bool) datasource.ReadResponse {
	t.Helper()
	d := image.NewDataSource()
	var c datasource.ConfigureResponse
	d.(datasource.DataSourceWithConfigure).Configure(t.Context(), datasource.ConfigureRequest{ProviderData: provider}, &c)
	requireNone(t, c.Diagnostics)
	var s datasource.SchemaResponse
	d.Schema(t.Context(), datasource.SchemaRequest{}, &s)
	object := s.Schema.Type().TerraformType(t.Context()).(tftypes.Object)
	values := map[string]tftypes.Value{}
	for attribute, kind := range object.AttributeTypes {
		values[attribute] = tftypes.NewValue(kind, nil)
	}
	values["name"], values["platform"] = tftypes.NewValue(tftypes.String, name), tftypes.NewValue(tftypes.String, platform)
	req := datasource.ReadRequest{
		Config:             tfsdk.Config{Schema: s.Schema, Raw: tftypes.NewValue(object, values)},
		ClientCapabilities: datasource.ReadClientCapabilities{DeferralAllowed: deferral},
	}
	resp := datasource.ReadResponse{State: tfsdk.State{Schema: s.Schema, Raw: tftypes.NewValue(object, nil)}}
	d.Read(t.Context(), req, &resp)
	return resp
}

// lanRegistry holds app:1 for two platforms, behind a login.
func lanRegistry(t *testing.T) (host, digest, arm64 string) {
	t.Helper()
	handler := ggcr.New(ggcr.Logger(log.New(io.Discard, "", 0)))
	pushing := httptest.NewServer(handler)
	t.Cleanup(pushing.Close)
	asked := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch user, password, ok := r.BasicAuth(); {
		case strings.Contains(r.URL.Path, "/busy/"):
			w.Header().Set("Retry-After", "3600")
			w.WriteHeader(http.StatusTooManyRequests)
		case !ok || user != "lab" || password != "hunter2":
			w.Header().Set("WWW-Authenticate", `Basic realm="lab"`)
			w.WriteHeader(http.StatusUnauthorized)
		default:
			handler.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(asked.Close)
	var index v1.ImageIndex = empty.Index
	for _, architecture := range []string{"amd64", "arm64"} {
		img, err := mutate.ConfigFile(empty.Image, &v1.ConfigFile{OS: "linux", Architecture: architecture,
			Created: v1.Time{Time: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)}})
		if err != nil {
			t.Fatal(err)
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: img, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: architecture}}})
		if architecture == "arm64" {
			arm64 = digestOf(t, img)
		}
	}
	tag, err := name.NewTag(pushing.Listener.Addr().String() + "/hub/library/app:1")
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.WriteIndex(tag, index); err != nil {
		t.Fatal(err)
	}
	return asked.Listener.Addr().String(), digestOf(t, index), arm64
}

func digestOf(t *testing.T, of interface{ Digest() (v1.Hash, error) }) string {
	t.Helper()
	digest, err := of.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return digest.String()
}

func TestImageDataSource_RegistryBehindLogin_TellsDigestsPlatformsAndAge(t *testing.T) {
	host, digest, arm64 := lanRegistry(t)
	configured := configureAll(t, registries(host, map[string]any{"username": "lab", "password": "hunter2"}))
	requireNone(t, configured.Diagnostics)
	resp := readImage(t, configured.DataSourceData, host+"/hub/library/app:1", "linux/arm64", false)
	requireNone(t, resp.Diagnostics)
	got := resp.State.Raw.String()
	for _, want := range []string{
		`"digest":tftypes.String<"` + digest + `">`, `"platform_digest":tftypes.String<"` + arm64 + `">`,
		`"reference":tftypes.String<"` + host + `/hub/library/app@` + digest + `">`, `"created":tftypes.String<"2026-03-04T05:06:07Z">`,
		`"platforms":tftypes.List[tftypes.String]<tftypes.String<"linux/amd64">, tftypes.String<"linux/arm64">>`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("state lacks %s:\n%s", want, got)
		}
	}
	if strings.Contains(got, "hunter2") {
		t.Error("the password is in state")
	}
	resp = readImage(t, configured.DataSourceData, host+"/hub/library/app:1", nil, false)
	if !strings.Contains(resp.State.Raw.String(), `"platform_digest":tftypes.String<null>`) {
		t.Errorf("state: %s", resp.State.Raw)
	}
}

func TestImageDataSource_Failures_AreToldApart(t *testing.T) {
	host, _, _ := lanRegistry(t)
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	login := map[string]any{"username": "lab", "password": "hunter2"}
	for kind, c := range map[string]struct {
		name                string
		platform            any
		given               map[string]any
		at, summary, detail string
	}{
		"not found":    {host + "/hub/library/app:9", nil, login, "name", "Image not found", "Check the repository and the tag"},
		"denied":       {host + "/hub/library/app:1", nil, map[string]any{"username": "lab", "password": "wrong"}, "", "Access to image denied", "username and password under registries"},
		"rate-limited": {host + "/busy/app:1", nil, login, "", "Too many requests to registry", "1h0m0s"},
		"unreachable":  {closed.Listener.Addr().String() + "/app:1", nil, nil, "", "Unable to reach registry", "connection refused"},
		"platform":     {host + "/hub/library/app:1", "linux/s390x", login, "platform", "Image not made for platform", "only for linux/amd64, linux/arm64"},
		"reference":    {"App:1:2", nil, nil, "name", "Invalid image reference", "Write [registry/]repository"},
	} {
		t.Run(kind, func(t *testing.T) {
			configured := configureAll(t, registries(host, c.given))
			requireNone(t, configured.Diagnostics)
			var at *path.Path
			if c.at != "" {
				p := path.Root(c.at)
				at = &p
			}
			requireOne(t, readImage(t, configured.DataSourceData, c.name, c.platform, false).Diagnostics, at, c.summary, c.detail)
		})
	}
}
