# A registry that lets in only who has a certificate of the homelab.
terraform {
  required_version = ">= 1.11"

  required_providers {
    homelab = {
      source = "homelab-iac/homelab"
    }
  }
}

provider "homelab" {}

ephemeral "homelab_sops_file" "pki" {
  path         = "${path.module}/pki.enc.yaml" # seed: the output of openssl rand -hex 32
  key_required = terraform.applying
}

module "pki" {
  source = "../.."

  seed       = ephemeral.homelab_sops_file.pki.values["seed"]
  not_before = "2026-01-01"

  certificates = {
    registry = { profile = "server", dns_names = ["registry", "registry.home.arpa"] }
    alloy    = { profile = "client" }
  }
}

resource "homelab_stack" "registry" {
  name    = "registry"
  secrets = { for name in ["ca", "registry_cert", "registry_key"] : name => module.pki.secrets[name] }

  compose = yamlencode({
    services = { zot = { image = "ghcr.io/project-zot/zot:v2.1.8", secrets = ["ca", "registry_cert", "registry_key"] } }
    secrets  = { for name in ["ca", "registry_cert", "registry_key"] : name => { environment = name } }
  })
}
