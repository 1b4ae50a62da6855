# Metrics, logs and traces of a node, kept in object storage beside them.
terraform {
  required_version = ">= 1.11"

  required_providers {
    homelab = {
      source = "homelab-iac/homelab"
    }
  }
}

provider "homelab" {
  nodes = { atlas = { host = "ssh://ops@atlas.home.arpa" } }
}

locals {
  # As the output ingress of the module of that name.
  ingress = { kind = "traefik", domain = "home.arpa", network = "traefik_default", cert_resolver = "letsencrypt" }
}

module "storage" {
  source = "../../../storage"

  node      = "atlas"
  user      = { uid = 2000, gid = 2000 }
  data_root = "/mnt/data"
  ingress   = local.ingress
}

module "monitoring" {
  source = "../.."

  node    = "atlas"
  ingress = local.ingress
  storage = module.storage.storage
  scrape  = module.storage.scrape
  probes  = module.storage.probes
  services = {
    prometheus = {}, alertmanager = {}, node-exporter = {}, cadvisor = {}, grafana = {}
    loki       = {}, tempo = {}, mimir = { memory = "2g" }, alloy = {}, uptime-kuma = {}
  }
  alert_webhooks = { ntfy = "https://ntfy.home.arpa/alerts" }
}

output "interfaces" {
  description = "Where the web interfaces are."
  value       = module.monitoring.services
}
