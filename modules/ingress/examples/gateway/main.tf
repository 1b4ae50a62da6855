# nginx in front of an application, with a certificate of the homelab's own.
terraform {
  required_version = ">= 1.11"

  required_providers {
    homelab = {
      source = "homelab-iac/homelab"
    }
  }
}

provider "homelab" {
  nodes = { atlas = { host = "ssh://pi@10.0.2.20" } }
}

variable "tls_chain" {
  description = "Certificate for *.home.arpa, in PEM."
  type        = string
}

variable "tls_key" {
  description = "Key of the certificate."
  type        = string
  ephemeral   = true
}

module "app" {
  source = "../../../service"

  name        = "app"
  image       = "traefik/whoami:v1.11.0"
  healthcheck = { test = ["/whoami", "--version"] }
  ingress     = module.ingress.ingress
  web         = { port = 80, sso = false }
}

resource "homelab_stack" "app" {
  name = "app"
  node = "atlas"
  compose = yamlencode({
    services = { app = module.app.service }
    networks = module.app.networks
  })
}

module "ingress" {
  source = "../.."

  node        = "atlas"
  kind        = "nginx"
  domain      = "home.arpa"
  address     = "10.0.2.20"
  routes      = [{ host = "app.home.arpa", upstream = "http://app:80" }]
  gateway     = { rate = 100, burst = 100, csp = "default-src 'self'" }
  certificate = { method = "own", chain = var.tls_chain }
  secrets     = { TLS_KEY = var.tls_key }
}

module "dns" {
  source = "../../../dns"

  node     = "atlas"
  rewrites = module.ingress.rewrites
}
