ephemeral "homelab_sops_file" "pki" {
  path         = "${path.module}/pki.enc.yaml"
  key_required = terraform.applying
}

ephemeral "homelab_pki" "this" {
  seed       = ephemeral.homelab_sops_file.pki.values["seed"]
  name       = "Home"
  not_before = "2026-01-01"

  certificates = {
    registry = { profile = "server", dns_names = ["registry", "registry.home.arpa"] }
    alloy    = { profile = "client" }
  }
}

resource "homelab_stack" "registry" {
  name    = "registry"
  compose = file("${path.module}/compose.yaml")
  secrets = {
    ca            = ephemeral.homelab_pki.this.root
    registry_cert = ephemeral.homelab_pki.this.chains["registry"]
    registry_key  = ephemeral.homelab_pki.this.keys["registry"]
  }
}
