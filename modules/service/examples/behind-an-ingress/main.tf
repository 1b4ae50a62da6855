# A service with the defaults of the house, behind an ingress.
terraform {
  required_version = ">= 1.11"

  required_providers {
    homelab = {
      source = "homelab-iac/homelab"
    }
  }
}

provider "homelab" {}

module "whoami" {
  source = "../.."

  name        = "whoami"
  image       = "traefik/whoami:v1.11.0"
  user        = { uid = 2000, gid = 2000 }
  memory      = "64m"
  healthcheck = { test = ["/whoami", "--version"] }
  ingress     = { kind = "traefik", domain = "home.arpa", network = "traefik_default", cert_resolver = "letsencrypt" }
  web         = { port = 80 }
}

resource "homelab_stack" "whoami" {
  name = "whoami"

  compose = yamlencode({
    services = { whoami = module.whoami.service }
    networks = module.whoami.networks
  })
}
