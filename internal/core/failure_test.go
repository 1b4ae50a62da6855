package core

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
	if got := Advice(&Failure{Operation: plan.Operation{Kind: plan.ConnectContainer}, Err: errors.New("connect container to network lan: Error response from daemon: Address already in use")}); !strings.HasPrefix(got, address) {
		t.Errorf("of a network: %q", got)
	}
}

func TestAdvice_SameText_IsAdvisedByOperation(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]map[plan.Kind]string{
		"Pool overlaps with other one on this address space": {plan.CreateNetwork: "Another network of the node", plan.StartContainer: ""},
		"device or resource busy":                            {plan.CreateNetwork: "The parent is in use", plan.StartContainer: ""},
		"network lan not found":                              {plan.PullImage: "The registry has no such image", plan.ConnectContainer: ""},
		"network lan has active endpoints":                   {plan.RemoveNetwork: "Containers that this resource does not manage"},
	} {
		for kind, begins := range want {
			got := Advice(&Failure{Operation: plan.Operation{Kind: kind}, Err: errors.New(said)})
			if !strings.HasPrefix(got, begins) || (begins == "") != (got == "") {
				t.Errorf("%s: %s: got %q, want %q", kind, said, got, begins)
			}
		}
	}
}
