# nginx with a certificate of its own, in front of a service of two containers, one of
# which always fails.
terraform {
  required_providers {
    homelab = { source = "homelab-iac/homelab" }
  }
}

variable "node" { type = string }
variable "homelab" { type = string }
variable "port" { type = number }
variable "images" { type = map(string) }
variable "chain" { type = string }
variable "key" { type = string }

module "ingress" {
  source = "../.."

  node        = var.node
  name        = var.homelab
  kind        = "nginx"
  domain      = "home.arpa"
  address     = "10.9.8.7"
  ports       = { http = var.port, https = var.port + 1 }
  images      = var.images
  routes      = [{ host = "app.home.arpa", upstream = "http://app:8000" }, { host = "later.home.arpa", upstream = "http://later:8000" }]
  gateway     = { rate = 2, burst = 30, csp = "default-src 'self'" }
  bouncer     = { middleware = "bouncer@docker", address = "http://bouncer:8000/verify" }
  certificate = { method = "own", chain = var.chain }
  secrets     = { TLS_KEY = var.key }
}

locals {
  answers = { good = 200, bad = 503 }
}

module "app" {
  source   = "../../../service"
  for_each = local.answers

  name    = each.key
  image   = "caddy:2.10.2"
  command = ["caddy", "run", "--config", "/etc/caddy/Caddyfile", "--adapter", "caddyfile"]
  tmpfs   = ["/data", "/config", "/tmp"]
  files = { "/etc/caddy/Caddyfile" = <<-EOT
    {
      admin off
      auto_https off
    }
    :8000 {
      header Content-Type text/plain
      respond /verify 204
      respond /large "${join("", [for i in range(200) : "0123456789"])}" ${each.value}
      respond "for={http.request.header.X-Forwarded-For} proto={http.request.header.X-Forwarded-Proto} host={http.request.host} upgrade={http.request.header.Upgrade} connection={http.request.header.Connection} id={http.request.header.X-Request-Id} user={http.request.header.Remote-User}" ${each.value}
    }
  EOT
  }
  healthcheck = each.key == "bad" ? null : { test = ["/usr/bin/wget", "-q", "-S", "-O", "/dev/null", "http://127.0.0.1:8000/"], interval = "2s", timeout = "30s", retries = 20 }
  networks    = { front = { aliases = each.key == "good" ? ["app", "bouncer"] : ["app"] } }
}

resource "homelab_stack" "app" {
  name = "${var.homelab}-app"
  node = var.node
  compose = yamlencode({
    services = { for name, m in module.app : name => m.service }
    networks = { front = { name = module.ingress.network, external = true } }
    configs  = merge([for m in values(module.app) : m.configs]...)
  })
}

output "ingress" { value = module.ingress.ingress }
output "logs" { value = module.ingress.logs }
