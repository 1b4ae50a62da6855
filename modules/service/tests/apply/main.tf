terraform {
  required_providers {
    homelab = { source = "homelab-iac/homelab" }
  }
}

variable "node" { type = string }
variable "homelab" { type = string }
variable "port" { type = number }
variable "images" { type = map(string) }

resource "homelab_node" "this" {
  name        = var.node
  directories = { "/srv/${var.homelab}" = { uid = 2000, gid = 2001, mode = "0750" } }
}

resource "homelab_network" "front" {
  node = var.node
  name = "${var.homelab}-front"
}

module "web" {
  source = "../.."

  name        = "web"
  image       = lookup(var.images, "web", "homelab.test/app:1")
  user        = { uid = 2000, gid = 2001 }
  memory      = "64m"
  cpus        = 0.5
  environment = { NAME = var.homelab }
  healthcheck = { test = ["/app", "health"], interval = "1s", timeout = "30s", retries = 10 }
  mounts = {
    "/data"  = { source = "/srv/${var.homelab}" }
    "/state" = { source = "state" }
  }
  files     = { "/etc/web.conf" = "$HOME of ${var.homelab}\n" }
  secrets   = { token = {} }
  ports     = { web = { host = var.port, container = 8080 } }
  ingress   = { kind = "traefik", domain = "home.arpa", network = homelab_network.front.name }
  web       = { port = 8080 }
  dashboard = { group = "Tests" }
  metrics   = { port = 8080 }
}

module "job" {
  source = "../.."

  name                = "job"
  image               = lookup(var.images, "job", "homelab.test/app:1")
  command             = ["job", "--sleep", "10ms"]
  restart             = "no"
  depends_on_services = { web = "service_healthy" }
}

module "peer" {
  source = "../.."

  name         = "peer"
  image        = lookup(var.images, "peer", "homelab.test/app:1")
  command      = ["serve", "-addr", ":8081"]
  capabilities = ["NET_BIND_SERVICE"]
  network_mode = "service:web"
  healthcheck  = { test = ["/app", "health", "-url", "http://127.0.0.1:8081/healthz"], interval = "1s", timeout = "30s", retries = 10 }
}

resource "homelab_stack" "this" {
  name = var.homelab
  node = homelab_node.this.name
  compose = yamlencode({
    services = { for name, m in { web = module.web, job = module.job, peer = module.peer } : name => m.service }
    networks = module.web.networks
    volumes  = module.web.volumes
    configs  = module.web.configs
    secrets  = { token = { environment = "TOKEN" } }
  })
  secrets = { TOKEN = "token of ${var.homelab}" }
}

output "url" { value = module.web.url }
