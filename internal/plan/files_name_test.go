package plan

import (
	"strings"
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

func TestFileVolume_LongName_FitsAndStaysItsOwn(t *testing.T) {
	name := func(n int, end string) string {
		return fileVolume("demo", desired.File{Kind: desired.FileBind, Name: strings.Repeat("x", n) + end}, "v12")
	}
	fits := desired.MaxVolumeName - len("demo_"+string(desired.FileBind)+"_"+"_v12")
	if got := name(fits, ""); got != "demo_"+string(desired.FileBind)+"_"+strings.Repeat("x", fits)+"_v12" {
		t.Errorf("at the limit: %s", got)
	}
	a, b := name(fits, "a"), name(fits, "b")
	if len(a) != desired.MaxVolumeName || a == b || !strings.HasSuffix(a, "_v12") {
		t.Errorf("beyond the limit: %s (%d bytes), %s", a, len(a), b)
	}
}
