# Authentik for everything behind the ingress, and Grafana as a client of its own.

terraform {
  required_version = ">= 1.11"

  required_providers {
    homelab = {
      source = "homelab-iac/homelab"
    }
  }
}

provider "homelab" {}

resource "homelab_network" "proxy" {
  name = "proxy"
}

module "auth" {
  source = "../.."

  timezone  = "Europe/Madrid"
  data_root = "/mnt/data"
  ingress   = { kind = "traefik", domain = "home.arpa", network = homelab_network.proxy.name, cert_resolver = "letsencrypt" }

  clients = {
    grafana = { redirect_uris = ["https://grafana.home.arpa/login/generic_oauth"], title = "Grafana" }
  }
}

output "grafana" {
  description = "What Grafana has to know of the sign-on."
  value       = module.auth.sso.oidc.grafana
}
