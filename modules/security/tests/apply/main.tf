terraform {
  required_providers {
    homelab = { source = "homelab-iac/homelab" }
  }
}

variable "node" { type = string }
variable "homelab" { type = string }
variable "port" { type = number }
variable "images" { type = map(string) }

resource "homelab_network" "proxy" {
  node = var.node
  name = "${var.homelab}-proxy"
}

# Where the gateway, an nginx, writes its access log.
resource "homelab_node" "this" {
  name        = var.node
  directories = { "/srv/${var.homelab}/log" = { uid = 0, gid = 0, mode = "0755" } }
}

module "security" {
  source = "../.."

  node     = var.node
  name     = var.homelab
  images   = var.images
  ingress  = { kind = "nginx", domain = "${var.homelab}.arpa", network = homelab_network.proxy.name }
  services = { crowdsec = {}, fail2ban = {}, netalertx = {}, wazuh = {} }

  logs     = { gateway = { source = "${keys(homelab_node.this.directories)[0]}", files = ["access.log"], type = "nginx", create = true } }
  crowdsec = { community = false }
  jails = { login = {
    log = "gateway", failregex = ["^<HOST> .* \"POST /login[^\"]*\" 401 "], maxretry = 3, chain = "INPUT", bantime = "1h"
  } }
  netalertx = { subnets = { "10.9.9.0/24" = "eth0" }, port = var.port, graphql_port = var.port + 1 }
  # What any node can give; one whose setting is too low has a test of its own.
  wazuh = { max_map_count = 65530, open_files = 1024 }
}

# An ingress that asks the bouncer, and two clients.
resource "homelab_stack" "gateway" {
  node = var.node
  name = "${var.homelab}-gateway"

  compose = yamlencode({
    services = merge(
      { gateway = {
        image       = "nginx:1.29.3-alpine"
        command     = ["sh", "-c", "echo \"127.0.0.1 - - [01/Jan/2026:00:00:00 +0000] \\\"GET / HTTP/1.1\\\" 200 1 \\\"-\\\" \\\"-\\\"\" >>/log/access.log; exec nginx -c /etc/gateway.conf -g 'daemon off;'"]
        volumes     = ["${keys(homelab_node.this.directories)[0]}:/log"]
        configs     = [{ source = "gateway", target = "/etc/gateway.conf" }]
        networks    = { proxy = {} }
        healthcheck = { test = ["CMD", "wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8081/"], interval = "2s", timeout = "30s", retries = 30 }
      } },
      { for client in ["attacker", "visitor"] : client => {
        image    = "busybox:1.37.0-musl"
        command  = ["sh", "-c", "while :; do sleep 3600; done"]
        networks = { proxy = {} }
        init     = true
      } },
    )
    networks = { proxy = { external = true, name = homelab_network.proxy.name } }
    configs  = { gateway = { content = replace(templatefile("${path.module}/gateway.conf.tftpl", { bouncer = module.security.bouncer.address }), "$", "$$") } }
  })
}

output "bouncer" { value = module.security.bouncer }
