package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/provider"

	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/sopsfile"
)

// New returns a constructor of the provider alone, without the servers in front of it.
func New(version string) func() provider.Provider {
	return func() provider.Provider { return &homelab{version: version, gate: &sopsfile.Gate{}} }
}
