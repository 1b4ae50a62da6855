package letter_test

import (
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/letter"
)

func TestCapital_AnyScript_ChangesTheFirstLetter(t *testing.T) {
	for text, want := range map[string]string{"": "", "node": "Node", "élan": "Élan", "жук": "Жук", "10.0.0.1": "10.0.0.1", "日本": "日本", "\xc3": "\xc3"} {
		if got := letter.Capital(text); got != want {
			t.Errorf("Capital(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestSmall_AnyScript_ChangesTheFirstLetter(t *testing.T) {
	for text, want := range map[string]string{"": "", "Services": "services", "Élan": "élan", "日本": "日本", "\xc3": "\xc3"} {
		if got := letter.Small(text); got != want {
			t.Errorf("Small(%q) = %q, want %q", text, got, want)
		}
	}
}
