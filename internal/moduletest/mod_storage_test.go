package moduletest

import (
	"fmt"
	"strings"
	"testing"
)

func TestAccModule_Storage(t *testing.T) {
	Case{
		Module: "storage", Change: "minio",
		Check: func(t *testing.T, h *Homelabs) {
			for _, one := range []Homelab{h.A, h.B} {
				h.requireOwnBucketsOnly(t, one)
				if given := h.MustExec(t, one.Name, "setup", "cat", "/run/secrets/loki"); given != "loki-of-"+one.Name {
					t.Errorf("the password that was given for loki is %q", given)
				}
			}
		},
		Changed: func(t *testing.T, h *Homelabs) {
			if got := h.mc(t, h.A, "loki", "cat user/loki/object"); got != "of loki" {
				t.Errorf("after the image was changed the object is %q", got)
			}
		},
	}.Run(t)
}

// mc runs commands of MinIO's client as one of the storage's users, who is "user"
// there. It returns what they wrote, or "denied".
func (h *Homelabs) mc(t *testing.T, one Homelab, user, script string) string {
	t.Helper()
	code, text := h.Exec(t, one.Name, "setup", "sh", "-c", fmt.Sprintf(
		`export MC_CONFIG_DIR=/tmp/as-%[1]s; printf '%[1]s\n%%s\n' "$(cat /run/secrets/%[2]s)" | mc --quiet alias set user http://minio:9000 >/dev/null && mc --quiet %[3]s`,
		user, strings.Replace(user, "admin", "root", 1), script))
	switch {
	case code == 0:
		return strings.TrimSpace(text)
	case strings.Contains(text, "Access Denied") || strings.Contains(text, "Insufficient permissions"):
		return "denied"
	}
	t.Fatalf("mc %s as %s of %s ended with %d:\n%s", script, user, one.Name, code, text)
	return ""
}

// requireOwnBucketsOnly checks that each user reads and writes its own buckets and
// no others.
func (h *Homelabs) requireOwnBucketsOnly(t *testing.T, one Homelab) {
	t.Helper()
	may := map[string][]string{"loki": {"loki", "shared"}, "tempo": {"tempo"}}
	for user, own := range may {
		for _, bucket := range []string{"loki", "shared", "tempo"} {
			mine := strings.Contains(strings.Join(own, " "), bucket)
			object := fmt.Sprintf("user/%s/object", bucket)
			h.MustExec(t, one.Name, "setup", "sh", "-c", "printf 'of "+bucket+"' >/tmp/object")
			if got := h.mc(t, one, user, "cp /tmp/object "+object); (got != "denied") != mine {
				t.Errorf("%s of %s writes to %s: %s", user, one.Name, bucket, got)
			}
			if !mine {
				h.mc(t, one, "admin", "cp /tmp/object "+object)
			}
			if got := h.mc(t, one, user, "cat "+object); (got == "of "+bucket) != mine {
				t.Errorf("%s of %s reads from %s: %q", user, one.Name, bucket, got)
			}
		}
		if got := h.mc(t, one, user, "admin info user"); got != "denied" {
			t.Errorf("%s of %s is an administrator: %s", user, one.Name, got)
		}
	}
	if got := h.mc(t, one, "admin", "quota info user/loki"); !strings.Contains(got, "1.0 GiB") {
		t.Errorf("the quota of loki is %q", got)
	}
	if got := h.mc(t, one, "admin", "version info user/tempo"); !strings.Contains(got, "enabled") {
		t.Errorf("the versioning of tempo is %q", got)
	}
}
