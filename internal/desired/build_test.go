package desired

import (
	"strings"
	"testing"
)

func TestBuild_EngineOfAnAge_BuildsOneWayOrLacksTheMeans(t *testing.T) {
	tests := map[string]struct {
		build   Build
		classic bool
		lacking string
	}{
		"plain":                 {Build{}, false, ""},
		"network by name":       {Build{Network: "lan"}, true, ""},
		"network of the host":   {Build{Network: "host"}, false, ""},
		"limits":                {Build{ShmSizeBytes: 1, Ulimits: []string{"a=1:1"}, ExtraHosts: []string{"a:host-gateway"}}, true, ""},
		"limits and a mount":    {Build{ShmSizeBytes: 1, ExtraHosts: []string{"a:host-gateway"}, Syntax: []string{"RUN --mount"}}, false, "host-gateway in build.extra_hosts, build.shm_size"},
		"mount":                 {Build{Syntax: []string{"RUN --mount"}}, false, ""},
		"here-document":         {Build{Syntax: []string{"here-documents"}}, false, "here-documents"},
		"own frontend":          {Build{Syntax: []string{"here-documents"}, Frontend: true, Contexts: map[string]BuildContext{"a": {}}}, false, ""},
		"contexts":              {Build{Contexts: map[string]BuildContext{"a": {}}}, false, "build.additional_contexts"},
		"platforms and reports": {Build{Platforms: []string{"a", "b"}, SBOM: "true", Provenance: "false"}, false, "build.platforms, build.sbom"},
	}
	for name, tt := range tests {
		if got := strings.Join(tt.build.Lacking("1.41"), ", "); got != tt.lacking || tt.build.Classic("1.41") != tt.classic {
			t.Errorf("%s, old engine: lacking %q, classic %t", name, got, tt.build.Classic("1.41"))
		}
		if got := tt.build.Lacking("1.42"); len(got) > 0 || tt.build.Classic("1.42") != tt.build.NamesNetwork() {
			t.Errorf("%s, new engine: lacking %q, classic %t", name, got, tt.build.Classic("1.42"))
		}
	}
}

func TestParseCache_Forms(t *testing.T) {
	for text, want := range map[string]string{
		"a/b:c": "registry a/b:c", "type=registry,ref=x": "registry x", "type=gha,scope=s": "gha ", `type=local,"src=a,b"`: "local ",
	} {
		kind, attrs, err := ParseCache(text)
		if err != nil || kind+" "+attrs["ref"] != want {
			t.Errorf("%s: got %s %v, %v", text, kind, attrs, err)
		}
	}
	for text, want := range map[string]string{"ref=x": "has no type", "type=registry": "has no ref", "type=local,x": "is not an attribute", `"`: "not a list of attributes", "": "not a list of attributes"} {
		if _, _, err := ParseCache(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v", text, err)
		}
	}
}
