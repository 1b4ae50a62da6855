package provider_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

func TestValidateConfig_SOPSFiles_AreThereWhereTheyAreKnown(t *testing.T) {
	here := filepath.Join(t.TempDir(), "here.enc.yaml")
	if err := os.WriteFile(here, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	list := tftypes.List{ElementType: tftypes.String}
	for name, value := range map[string]tftypes.Value{
		"none":    tftypes.NewValue(list, []tftypes.Value{}),
		"there":   tftypes.NewValue(list, []tftypes.Value{text(here)}),
		"unknown": tftypes.NewValue(list, tftypes.UnknownValue),
		"one unknown": tftypes.NewValue(list, []tftypes.Value{
			tftypes.NewValue(tftypes.String, tftypes.UnknownValue)}),
	} {
		given := map[string]tftypes.Value{"sops_files": value}
		if diags := validateAll(t, given); len(diags) > 0 {
			t.Errorf("%s: %v", name, diags)
		}
		if diags := configureAll(t, given).Diagnostics; len(diags) > 0 {
			t.Errorf("configure %s: %v", name, diags)
		}
	}
	missing := tftypes.NewValue(list, []tftypes.Value{text(here), text(here + ".gone")})
	at := path.Root("sops_files").AtListIndex(1)
	requireOne(t, validateAll(t, map[string]tftypes.Value{"sops_files": missing}), &at, "Unable to read SOPS file", "here.enc.yaml.gone: no such file or directory")
}
