package labtest_test

import (
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/images"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/labtest"
)

func TestMain(m *testing.M) { labtest.Main(m) }

func TestAccEngine_HasBothVersionsOfTheApp(t *testing.T) {
	c := labtest.Engine(t)
	v1, err := c.ImageInspect(t.Context(), images.AppV1)
	if err != nil {
		t.Fatal(err)
	}
	v2, err := c.ImageInspect(t.Context(), images.AppV2)
	if err != nil {
		t.Fatal(err)
	}
	if v1.ID == v2.ID {
		t.Errorf("both versions are %s", v1.ID)
	}
}

func TestAccLoad_SameImageAgain_KeepsItsID(t *testing.T) {
	c := labtest.Engine(t)
	img := images.Image{Ref: "homelab.test/same:1", Files: map[string][]byte{"/a/b": []byte("x")}}
	var ids []string
	for range 2 {
		if err := images.Load(t.Context(), c, img); err != nil {
			t.Fatal(err)
		}
		got, err := c.ImageInspect(t.Context(), img.Ref)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, got.ID)
	}
	if ids[0] != ids[1] {
		t.Errorf("the ID changed from %s to %s", ids[0], ids[1])
	}
}

func TestAccNode_IsTheSharedEngine(t *testing.T) {
	if node := labtest.Node(t); node.Host != labtest.Host(t) {
		t.Errorf("node %s is not the shared engine %s", node.Host, labtest.Host(t))
	}
}
