# What the validations let through is issued: planning opens homelab_pki, which needs
# no node. See refused.tftest.hcl for tests/inputs.

provider "homelab" {}

run "every_profile_and_kind_of_name" {
  command = plan

  module {
    source = "./tests/inputs"
  }

  variables {
    seed       = "0123456789abcdef0123456789abcdef"
    name       = "Home"
    not_before = "2026-02-28"
    years      = 50

    certificates = {
      registry = { profile = "server", dns_names = ["registry.home.arpa"], ip_addresses = ["10.0.0.2", "fd00::2"], days = 15000 }
      alloy-1  = { profile = "client", common_name = "Alloy", not_before = "2026-03-01", days = 15000 }
      peer     = { profile = "peer", ip_addresses = ["10.0.0.3"], days = 15000 }
    }
  }
}
