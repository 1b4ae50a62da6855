// Package acctest is what the acceptance tests share: the provider in-process, a
// recording proxy in front of an engine, and names that no other test uses.
package acctest

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/homelab-iac/terraform-provider-homelab/internal/provider"
)

// Prefix begins the name of everything that acceptance tests make.
const Prefix = "hltest-"

// Factories serve the provider in the test's own process. What it says of the node
// when a stack cannot be applied is held against the engine's answer.
func Factories() map[string]func() (tfprotov6.ProviderServer, error) {
	return map[string]func() (tfprotov6.ProviderServer, error){
		"homelab": func() (tfprotov6.ProviderServer, error) {
			return &witness{ProviderServer: provider.NewServer("test")()}, nil
		},
	}
}

// Name returns a stack name of the test's own.
func Name(t testing.TB) string {
	t.Helper()
	random := make([]byte, 4)
	if _, err := rand.Read(random); err != nil {
		t.Fatal(err)
	}
	return Prefix + hex.EncodeToString(random)
}

// Provider is the provider block for one node, "local", at a host.
func Provider(host string) string {
	return fmt.Sprintf("provider \"homelab\" {\n  nodes = { local = { host = %q } }\n}\n", host)
}
