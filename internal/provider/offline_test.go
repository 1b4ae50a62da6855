package provider_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	homelab "github.com/homelab-iac/terraform-provider-homelab/internal/provider"
)

// validateSchema has the provider block checked as Terraform does, with the
// schema's validators, and returns what is wrong with it.
func validateSchema(t *testing.T, given map[string]tftypes.Value) string {
	t.Helper()
	server, err := providerserver.NewProtocol6WithError(homelab.New("test")())()
	if err != nil {
		t.Fatal(err)
	}
	raw := config(t, homelab.New("test")(), given).Raw
	value, err := tfprotov6.NewDynamicValue(raw.Type(), raw)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := server.ValidateProviderConfig(t.Context(), &tfprotov6.ValidateProviderConfigRequest{Config: &value})
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, d := range resp.Diagnostics {
		lines = append(lines, d.Attribute.String()+": "+d.Summary+": "+d.Detail)
	}
	return strings.Join(lines, "\n")
}

func TestValidateConfig_ConnectTimeout_IsADuration(t *testing.T) {
	for _, bad := range []string{"10", "soon", "1ms", "2h", "-5s"} {
		want := `AttributeName("connect_timeout"): Invalid duration: "` + bad + `" is not a duration from 100ms to 1h0m0s, such as 10s.`
		if got := validateSchema(t, map[string]tftypes.Value{"connect_timeout": text(bad)}); got != want {
			t.Errorf("%s: %s", bad, got)
		}
	}
	if got := validateSchema(t, map[string]tftypes.Value{"connect_timeout": text("1m30s"), "when_offline": text("keep")}); got != "" {
		t.Error(got)
	}
	if got := validateSchema(t, map[string]tftypes.Value{"when_offline": text("ignore")}); !strings.Contains(got, `["fail" "keep"]`) {
		t.Error(got)
	}
}

func TestNodeDataSource_NodeAway_HasNothingToKeepAndSaysHowLongWasWaited(t *testing.T) {
	until := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-until }))
	t.Cleanup(s.Close)
	t.Cleanup(func() { close(until) })
	var slow map[string]tftypes.Value
	if err := plain("tcp://" + s.Listener.Addr().String()).As(&slow); err != nil {
		t.Fatal(err)
	}
	slow["connect_timeout"] = text("100ms")
	resp := readNodeConfigured(t, map[string]tftypes.Value{
		"nodes":           nodes(map[string]tftypes.Value{"atlas": tftypes.NewValue(nodeType, slow)}),
		"connect_timeout": text("1h"), "when_offline": text("keep"),
	}, "atlas", false)
	requireOne(t, resp.Diagnostics, nil, "Unable to reach node", "(its connect_timeout)")
	requireOne(t, resp.Diagnostics, nil, "Unable to reach node", `A data source has no last known state to keep (when_offline = "keep")`)
}
