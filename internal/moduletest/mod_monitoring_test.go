package moduletest

import (
	"encoding/json"
	"errors"
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
				h.MustExec(t, one.Name, "blackbox", "/bin/blackbox_exporter", "--config.file=/etc/blackbox_exporter/config.yml", "--config.check")
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
				h.requireGlances(t, one)
			}
		},
	}.Run(t)
}

// requireGlances checks that Glances tells of the node: its memory, its processors,
// its file systems, and processes of other containers.
func (h *Homelabs) requireGlances(t *testing.T, one Homelab) {
	t.Helper()
	ask := func(plugin string, into any) error {
		// The real image's version answers at /api/4 what Debian's answers at /api/3.
		code, text := h.Exec(t, one.Name, "glances", "wget", "-q", "-O", "-", "http://127.0.0.1:61208/api/3/"+plugin)
		if code != 0 {
			return fmt.Errorf("%s: %s", plugin, text)
		}
		return json.Unmarshal([]byte(text), into)
	}
	var memory struct{ Total uint64 }
	var cores struct{ Log int }
	var disks []struct {
		Mount string `json:"mnt_point"`
		Size  uint64
	}
	var processes []struct{ Name string }
	Eventually(t, "Glances of "+one.Name+" tells of the node", func() error {
		for plugin, into := range map[string]any{"mem": &memory, "core": &cores, "fs": &disks, "processlist": &processes} {
			if err := ask(plugin, into); err != nil {
				return err
			}
		}
		if len(processes) == 0 || len(disks) == 0 {
			return errors.New("it has not looked yet")
		}
		return nil
	})
	info, err := h.Engine.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if memory.Total != uint64(info.MemTotal) || cores.Log < info.NCPU {
		t.Errorf("Glances of %s tells of %d bytes and %d processors; the node has %d and %d", one.Name, memory.Total, cores.Log, info.MemTotal, info.NCPU)
	}
	names := map[string]bool{}
	for _, p := range processes {
		names[p.Name] = true
	}
	for _, name := range []string{"prometheus", "containerd"} {
		if !names[name] {
			t.Errorf("Glances of %s sees no process %s: %v", one.Name, name, names)
		}
	}
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
