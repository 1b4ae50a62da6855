package converge

import (
	"errors"
	"strings"
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
)

func TestAdvice_AddressInUse_TellsAPortFromAFixedAddress(t *testing.T) {
	t.Parallel()
	const port, address = "A port that it publishes", "A fixed address"
	for said, want := range map[string]string{
		"Error response from daemon: Address already in use":                                                     address,
		"failed to set up container networking: Address already in use":                                          address,
		"Error starting userland proxy: listen tcp4 0.0.0.0:80: bind: address already in use":                    port,
		"failed to bind host port for 0.0.0.0:80:172.17.0.2:80/tcp: address already in use":                      port,
		"Bind for 0.0.0.0:80 failed: port is already allocated":                                                  port,
		"driver failed programming external connectivity: listen tcp 127.0.0.1:80: bind: address already in use": port,
	} {
		if got := Advice(&Failure{Operation: plan.Operation{Kind: plan.StartContainer}, Err: errors.New(said)}); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %q, want %q", said, got, want)
		}
	}
	if got := NetworkAdvice(errors.New("connect container to network lan: Error response from daemon: Address already in use")); !strings.HasPrefix(got, address) {
		t.Errorf("of a network: %q", got)
	}
}
