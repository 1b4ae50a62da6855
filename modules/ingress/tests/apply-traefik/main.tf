# Traefik with a wildcard certificate, and a service that it finds by its labels.
terraform {
  required_providers {
    homelab = { source = "homelab-iac/homelab" }
  }
}

variable "node" { type = string }
variable "homelab" { type = string }
variable "port" { type = number }
variable "images" { type = map(string) }

resource "homelab_network" "other" {
  node = var.node
  name = "${var.homelab}-other"
}

module "ingress" {
  source = "../.."

  node        = var.node
  name        = var.homelab
  domain      = "home.arpa"
  networks    = [homelab_network.other.name]
  ports       = { http = var.port, https = var.port + 1 }
  images      = var.images
  sso         = { middleware = "authelia@docker" }
  dashboard   = "traefik"
  certificate = { method = "dns", email = "admin@home.arpa", dns_provider = "cloudflare", credentials = ["CF_DNS_API_TOKEN"] }
  secrets     = { CF_DNS_API_TOKEN = "token of ${var.homelab}" }
}

module "web" {
  source = "../../../service"

  name        = "web"
  image       = "homelab.test/app:1"
  healthcheck = { test = ["/app", "health"], interval = "1s", timeout = "30s", retries = 10 }
  ingress     = module.ingress.ingress
  web         = { port = 8080 }
}

resource "homelab_stack" "web" {
  name = "${var.homelab}-web"
  node = var.node
  compose = yamlencode({
    services = { web = module.web.service }
    networks = module.web.networks
  })
}

output "scrape" { value = module.ingress.scrape }
