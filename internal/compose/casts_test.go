package compose

import "testing"

// TestLoad_TextForNumberOrBoolean_IsRead writes the keys wherever a document may
// have them: those that none has are not looked for.
func TestLoad_TextForNumberOrBoolean_IsRead(t *testing.T) {
	const plain = "services: {web: {image: nginx}}"
	const keys = "{tty: \"${YES}\", scale: \"${TWO}\", cpus: \"0.${TWO}\", ulimits: {nofile: \"1${TWO}\"}}"
	tests := map[string]Input{
		"the document":         {Compose: "services: {web: {image: nginx, tty: \"${YES}\", scale: \"${TWO}\", cpus: \"0.${TWO}\", ulimits: {nofile: \"1${TWO}\"}}}"},
		"keys with escapes":    {Compose: `services: {web: {image: nginx, "\x74ty": "${YES}", "sc\u0061le": "${TWO}", "c\x70us": "0.${TWO}", "ulimit\x73": {nofile: "1${TWO}"}}}`},
		"an override":          {Compose: plain, Overrides: []string{"services: {web: " + keys + "}"}},
		"an anchor":            {Compose: "x-all: &all " + keys + "\nservices: {web: {<<: *all, image: nginx}}"},
		"a file that extends":  {Compose: "services: {web: {image: nginx, extends: {file: base.yaml, service: base}}}"},
		"an included file":     {Compose: "include: [web.yaml]\nservices: {other: {image: nginx}}"},
		"an override includes": {Compose: "services: {other: {image: nginx}}", Overrides: []string{"include: [web.yaml]"}},
	}
	for name, in := range tests {
		t.Run(name, func(t *testing.T) {
			in.Name, in.Variables = "demo", map[string]string{"YES": "Yes", "TWO": "2"}
			in.Dir = filesIn(t, map[string]string{
				"base.yaml": "services: {base: " + keys + "}",
				"web.yaml":  "x-all: &all " + keys + "\nservices: {web: {<<: *all, image: nginx}}",
			})
			web := mustLoad(t, in).Services["web"]
			if !web.Config.Tty || web.Replicas != 2 || web.Host.NanoCPUs != 200_000_000 ||
				len(web.Host.Ulimits) != 1 || web.Host.Ulimits[0].Hard != 12 {
				t.Errorf("got terminal %v, %d replicas, %d billionths of a processor, limits %v",
					web.Config.Tty, web.Replicas, web.Host.NanoCPUs, web.Host.Ulimits)
			}
		})
	}
}
