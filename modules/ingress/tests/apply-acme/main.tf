# nginx whose certificate certbot gets.
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
  kind        = "nginx"
  domain      = "home.arpa"
  ports       = { http = var.port, https = var.port + 1 }
  images      = var.images
  routes      = [{ host = "app.home.arpa", upstream = "http://app:8000" }]
  certificate = { method = "http", email = "admin@home.arpa" }
}
