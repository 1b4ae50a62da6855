terraform {
  required_providers {
    homelab = { source = "homelab-iac/homelab" }
  }
}

variable "node" { type = string }
variable "homelab" { type = string }
variable "port" { type = number }
variable "images" { type = map(string) }

module "storage" {
  source = "../../../storage"

  node = var.node
  name = "${var.homelab}-s3"
}

module "monitoring" {
  source = "../.."

  node   = var.node
  name   = var.homelab
  images = var.images

  services = {
    for kind in ["prometheus", "alertmanager", "node-exporter", "cadvisor", "grafana", "loki", "tempo", "mimir", "alloy", "uptime-kuma", "glances", "beszel", "beszel-agent"] :
    kind => {}
  }
  storage    = module.storage.storage
  scrape     = module.storage.scrape
  probes     = module.storage.probes
  beszel_key = "ssh-ed25519 AAAA"
  alerts     = { Always = { expr = "node_load1 >= 0", for = "0s", severity = "info", summary = "The node exporter is scraped." } }
}
