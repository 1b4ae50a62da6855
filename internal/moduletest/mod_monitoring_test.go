package moduletest

import (
	"fmt"
	"strings"
	"testing"
)

func TestAccModule_Monitoring(t *testing.T) {
	Case{
		Module: "monitoring", Uses: []string{"storage"}, Change: "alertmanager", Completed: []string{"tools"},
		Check: func(t *testing.T, h *Homelabs) {
			for _, one := range []Homelab{h.A, h.B} {
				h.MustExec(t, one.Name, "prometheus", "promtool", "check", "config", "/etc/prometheus/prometheus.yml")
				h.MustExec(t, one.Name, "alertmanager", "amtool", "check-config", "/etc/alertmanager/alertmanager.yml")
				for _, job := range []string{"node-exporter", "mimir", "loki", one.Name + "-s3"} {
					h.requireValue(t, one, `min(up{job="`+job+`"})`, "1")
				}
				h.requireValue(t, one, `count(up{job="mimir"})`, "3")
				h.requireValue(t, one, `count(count by (machine) (node_uname_info))`, "1")
				h.requireValue(t, one, `probe_success{probe="`+one.Name+`-s3"}`, "1")
				Eventually(t, "an alert reaches Alertmanager", func() error {
					text := h.MustExec(t, one.Name, "alertmanager", "amtool", "--alertmanager.url=http://127.0.0.1:9093", "alert", "query", "Always")
					if !strings.Contains(text, "The node exporter is scraped.") {
						return fmt.Errorf("Alertmanager has %s", text)
					}
					return nil
				})
			}
		},
	}.Run(t)
}

// requireValue waits until a query of Prometheus has a value.
func (h *Homelabs) requireValue(t *testing.T, one Homelab, query, want string) {
	t.Helper()
	Eventually(t, query+" of "+one.Name, func() error {
		text := h.MustExec(t, one.Name, "prometheus", "promtool", "query", "instant", "http://127.0.0.1:9090", query)
		if !strings.Contains(text, "=> "+want+" @") {
			return fmt.Errorf("it is %q, not %s", text, want)
		}
		return nil
	})
}
