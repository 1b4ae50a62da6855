# NGINX Proxy Manager.
terraform {
  required_providers {
    homelab = { source = "homelab-iac/homelab" }
  }
}

variable "node" { type = string }
variable "homelab" { type = string }
variable "port" { type = number }
variable "images" { type = map(string) }

module "ingress" {
  source = "../.."

  node        = var.node
  name        = var.homelab
  kind        = "npm"
  domain      = "home.arpa"
  ports       = { http = var.port, https = var.port + 1, admin = var.port + 2 }
  images      = var.images
  admin_email = "admin@home.arpa"
}
