package observed

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/enginetest"
)

// again reads home from a node where its only container is listed with an image
// name, knowing what an earlier reading saw.
func again(t *testing.T, listedAs string) (first, second *Stack, f *enginetest.Engine) {
	t.Helper()
	f = withImages(engineWith(inspected("a", nil)))
	f.ListedAs = listedAs
	read := func(known Cache) *Stack {
		node, err := ReadNode(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		s, err := node.Stack(t.Context(), "home", []string{"nginx:1"}, known)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	first = read(Cache{})
	text, err := json.Marshal(first.Cache())
	if err != nil {
		t.Fatal(err)
	}
	var known Cache
	if err := json.Unmarshal(text, &known); err != nil {
		t.Fatal(err)
	}
	f.Forget()
	return first, read(known), f
}

func TestStack_ReadBefore_AsksForNoImage(t *testing.T) {
	first, second, f := again(t, "nginx:1")
	if n := f.Count("inspect image"); n != 0 {
		t.Errorf("%d images were inspected", n)
	}
	a, b := first.Services["web"][0], second.Services["web"][0]
	if !reflect.DeepEqual(a, b) {
		t.Errorf("seen differently:\n%+v\n%+v", a, b)
	}
	if first.Images["nginx:1"].ID != second.Images["nginx:1"].ID || first.Images["nginx:1"].Digest != second.Images["nginx:1"].Digest {
		t.Errorf("images %+v and %+v", first.Images, second.Images)
	}
	if !reflect.DeepEqual(first.Cache(), second.Cache()) {
		t.Errorf("known %+v and %+v", first.Cache(), second.Cache())
	}
}

func TestStack_TagMovedSince_AsksForTheImage(t *testing.T) {
	_, second, f := again(t, "sha256:img") // as engines list it once the tag means another image
	if n := f.Count("inspect image"); n != 1 || second.Images["nginx:1"].ID == "" {
		t.Errorf("%d images were inspected: %+v", n, second.Images)
	}
}
