package compose

import (
	"strings"
	"testing"
)

func TestLoad_TextThatCanNotBeCarried_IsRefusedWithItsField(t *testing.T) {
	dir := filesIn(t, map[string]string{"latin1.env": "OK=1\nPASS=gr\xfc\xdfe\n", "label": "note=gr\xfc\xdfe\n"})
	for service, want := range map[string]string{
		"env_file: latin1.env":             `service "web": environment "PASS" has bytes that are not UTF-8`,
		"label_file: label":                `service "web": labels "note" has bytes that are not UTF-8`,
		`environment: {A: "x\0y"}`:         `service "web": environment "A" has a zero byte`,
		`command: [sh, "-c", "echo \0"]`:   `service "web": command has a zero byte`,
		"working_dir: app":                 `service "web": working_dir "app" is not an absolute path`,
		"environment: {A: grüße, B: \"\"}": "",
	} {
		_, err := Load(t.Context(), Input{Name: "demo", Dir: dir, Compose: webService(service)})
		switch {
		case want == "" && err != nil:
			t.Errorf("%s: %v", service, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "gr\xfc")):
			t.Errorf("%s: %v", service, err)
		}
	}
}
