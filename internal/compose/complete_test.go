package compose_test

import (
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/compose"
)

func TestIsComplete_NamesOtherFilesOrServices_IsNot(t *testing.T) {
	for text, want := range map[string]bool{
		"services: {web: {image: nginx, environment: {A: b}}}":                        true,
		"x-base: &base {image: nginx}\nservices: {web: {<<: *base, restart: always}}": true,
		"networks: {a: {}}": true,
		"include: [other.yaml]\nservices: {web: {image: nginx}}":                      false,
		"services: {web: {image: nginx, env_file: [a.env]}}":                          false,
		"services: {web: {extends: {service: base}}, base: {image: nginx}}":           false,
		"x-base: &base {env_file: a.env}\nservices: {web: {<<: *base, image: nginx}}": false,
		"services: [": false,
	} {
		if got := compose.IsComplete(text); got != want {
			t.Errorf("%q: %t, want %t", text, got, want)
		}
	}
}
