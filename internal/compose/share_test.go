package compose

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

func TestLoad_VolumesFrom_NamesServicesAndContainers(t *testing.T) {
	stack := mustLoad(t, Input{Compose: `
		services:
			db: {image: pg, ipc: shareable}
			web: {image: x, volumes_from: [db, "container:other:rw"], ipc: "service:db", pid: "service:db"}`})
	web := stack.Services["web"]
	if want := []string{"service:db", "container:other"}; !slices.Equal(web.Host.VolumesFrom, want) {
		t.Errorf("%v", web.Host.VolumesFrom)
	}
	if want := []desired.Share{{Field: "pid", Service: "db"}, {Field: "ipc", Service: "db"}, {Field: "volumes_from", Service: "db"}}; !reflect.DeepEqual(web.Shares(), want) {
		t.Errorf("%v", web.Shares())
	}
	if spec := web.Spec(nil); spec["volumes_from"] != "container:other, service:db" {
		t.Errorf("%q", spec["volumes_from"])
	}
	if _, depends := web.Dependencies["db"]; !depends {
		t.Error("web does not depend on db")
	}
	if one, other := web.ComposeHash.Sum(strings.ToUpper), web.ComposeHash.Sum(strings.ToLower); one == other {
		t.Error("the hash does not depend on the parent's ID")
	}
}

func TestLoad_VolumesFromReadOnly_WarnsThatDockerComposeIgnoresIt(t *testing.T) {
	stack := mustLoad(t, Input{Compose: "services: {db: {image: x}, web: {image: x, volumes_from: ['db:ro']}}"})
	if !contains(stack.Warnings, `":ro" in volumes_from has no effect`) {
		t.Errorf("%q", stack.Warnings)
	}
}

func TestLoad_ParentMissing_IsAnError(t *testing.T) {
	for document, want := range map[string]string{
		"services: {web: {image: x, volumes_from: [db]}}":                                   `volumes_from names service "db", which does not exist`,
		"services: {db: {image: x, scale: 0}, web: {image: x, volumes_from: [db]}}":         `volumes_from needs a container of service "db", which has none: its scale is 0`,
		"services: {db: {image: x, scale: 0}, web: {image: x, network_mode: 'service:db'}}": `network_mode needs a container of service "db"`,
	} {
		errs := mustFail(t, Input{Compose: document})
		var texts []string
		for _, err := range errs {
			texts = append(texts, err.Error())
		}
		if !contains(texts, want) {
			t.Errorf("%s: %q", document, texts)
		}
	}
}
