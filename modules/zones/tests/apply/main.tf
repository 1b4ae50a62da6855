# A gateway, an application behind it and its database, each in its zone.
terraform {
  required_providers {
    homelab = { source = "homelab-iac/homelab" }
  }
}

variable "node" { type = string }
variable "homelab" { type = string }
variable "port" { type = number }
variable "images" { type = map(string) }

module "zones" {
  source = "../.."

  node   = var.node
  prefix = "${var.homelab}-"
  networks = {
    front = { zone = "external" }
    apps  = { zone = "service" }
    data  = { zone = "data" }
  }
}

locals {
  services = {
    gateway = { command = ["proxy", "-upstream", "http://app:8080"], networks = ["front", "apps"], ports = { web = { host = var.port, container = 8080 } } }
    app     = { command = ["proxy", "-upstream", "http://db:8080"], networks = ["apps", "data"], ports = {} }
    db      = { command = ["serve"], networks = ["data"], ports = {} }
  }
}

module "service" {
  source   = "../../../service"
  for_each = local.services

  name        = each.key
  image       = lookup(var.images, each.key, "homelab.test/app:1")
  command     = each.value.command
  environment = { NAME = "${each.key} of ${var.homelab}" }
  networks    = { for name in each.value.networks : name => {} }
  ports       = each.value.ports
  healthcheck = { test = ["/app", "health"], interval = "1s", timeout = "30s", retries = 20 }
  labels      = each.key == "gateway" ? { "io.homelab.zone" = "external" } : {} # it is on the network of what it serves
}

resource "homelab_stack" "this" {
  name = var.homelab
  node = var.node
  compose = yamlencode({
    services = { for name, m in module.service : name => m.service }
    networks = { for name, n in module.zones.networks : name => { external = true, name = n.name } }
  })
}
