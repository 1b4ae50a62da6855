package moduletest

import (
	"fmt"
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/images"
)

func TestAccModule_Zones_DataIsReachedThroughTheApplicationAlone(t *testing.T) {
	Case{
		Module: "zones", Change: "app", Next: images.AppV2,
		Check: func(t *testing.T, h *Homelabs) {
			for _, one := range []Homelab{h.A, h.B} {
				if code, body := h.get(t, fmt.Sprintf("http://node:%d/env?k=NAME", one.Port)); code != 200 || body != "db of "+one.Name {
					t.Errorf("from outside %s answers %d %q", one.Name, code, body)
				}
				for service, networks := range map[string][]string{"gateway": {"front", "apps"}, "app": {"apps", "data"}, "db": {"data"}} {
					c, err := h.Engine.ContainerInspect(t.Context(), h.Container(t, one.Name, service))
					if err != nil {
						t.Fatal(err)
					}
					if len(c.NetworkSettings.Networks) != len(networks) {
						t.Errorf("%s is on %v", service, c.NetworkSettings.Networks)
					}
					for _, name := range networks {
						if c.NetworkSettings.Networks[one.Name+"-"+name] == nil {
							t.Errorf("%s is not on %s", service, name)
						}
					}
				}
			}
		},
	}.Run(t)
}
