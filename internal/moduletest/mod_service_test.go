package moduletest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/images"
)

func TestAccModule_Service(t *testing.T) {
	Case{
		Module: "service", Change: "peer", Next: images.AppV2, Completed: []string{"job"}, Short: true,
		Check: func(t *testing.T, h *Homelabs) {
			for _, one := range []Homelab{h.A, h.B} {
				port := fmt.Sprintf("http://node:%d", one.Port)
				for path, want := range map[string]string{
					"/env?k=NAME":                   one.Name,
					"/stat":                         "2000:2001",
					"/stat?path=/data":              "2000:2001 0750",
					"/file?path=/run/secrets/token": "token of " + one.Name,
					"/file?path=/etc/web.conf":      "$HOME of " + one.Name + "\n",
					"/stat?path=/run/secrets/token": "2000:2001 0400",
				} {
					if code, body := h.get(t, port+path); code != 200 || body != want {
						t.Errorf("%s of %s is %d %q, not %q", path, one.Name, code, body, want)
					}
				}
				c, err := h.Engine.ContainerInspect(t.Context(), h.Container(t, one.Name, "web"))
				if err != nil {
					t.Fatal(err)
				}
				host := c.HostConfig
				if !host.ReadonlyRootfs || host.Memory != 64<<20 || host.NanoCPUs != 5e8 || *host.PidsLimit != 512 ||
					strings.Join(host.CapDrop, "") != "ALL" || strings.Join(host.SecurityOpt, "") != "no-new-privileges:true" ||
					host.LogConfig.Config["max-size"] != "10m" || host.RestartPolicy.Name != "unless-stopped" {
					t.Errorf("the service is not as safe as it should be: %+v", host)
				}
				if c.NetworkSettings.Networks[one.Name+"-front"] == nil || len(c.NetworkSettings.Networks) != 2 {
					t.Errorf("the service is on %v", c.NetworkSettings.Networks)
				}
			}
		},
	}.Run(t)
}
