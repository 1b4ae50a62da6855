terraform {
  required_providers {
    homelab = { source = "homelab-iac/homelab" }
  }
}

variable "node" { type = string }
variable "homelab" { type = string }
variable "port" { type = number }
variable "images" { type = map(string) }

resource "homelab_network" "front" {
  node = var.node
  name = "${var.homelab}-front"
}

locals {
  ingress = { kind = "traefik", domain = "${var.homelab}.home.arpa", network = homelab_network.front.name }
}

module "authentik" {
  source = "../.."

  node      = var.node
  name      = var.homelab
  ingress   = local.ingress
  data_root = "/srv/${var.homelab}/data"
  images    = var.images
  clients   = { grafana = { redirect_uris = ["https://grafana.home.arpa/login/generic_oauth"] } }
}

resource "homelab_secret" "users" {
  node  = var.node
  name  = "${var.homelab}-users"
  value = "users: {}"
  uid   = 2000
}

resource "homelab_secret" "issuer" {
  node     = var.node
  name     = "${var.homelab}-issuer"
  generate = {}
  uid      = 2000
}

module "authelia" {
  source = "../.."

  node        = var.node
  name        = "${var.homelab}-small"
  kind        = "authelia"
  host        = "login"
  user        = { uid = 2000, gid = 2001 }
  config_root = "/srv/${var.homelab}/config"
  ingress     = local.ingress
  images      = { for name, image in var.images : name => image if name == "authelia" }
  secrets     = { users = homelab_secret.users.name, oidc-issuer-key = homelab_secret.issuer.name }
  clients     = { grafana = { redirect_uris = ["https://grafana.home.arpa/login/generic_oauth"] } }
}

output "sso" { value = module.authentik.sso }
output "authelia" { value = module.authelia.sso }
