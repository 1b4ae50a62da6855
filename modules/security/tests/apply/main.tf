# An ingress with the bouncer, whose access log CrowdSec and Fail2Ban read; a log of the
# node's own; and two clients of the ingress.
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

# As /var/log of many: nobody but the owner and its group look into it.
resource "homelab_node" "this" {
  name        = var.node
  directories = { "/srv/${var.homelab}/log" = { uid = 104, gid = 4, mode = "0750" } }
}

module "ingress" {
  source = "../../../ingress"

  node        = var.node
  name        = "${var.homelab}-ingress"
  kind        = "nginx"
  domain      = "home.arpa"
  ports       = { http = var.port + 10, https = var.port + 11 }
  routes      = [{ host = "app.home.arpa", upstream = "http://app:8080" }]
  bouncer     = module.security.bouncer
  certificate = { method = "own", chain = var.chain }
  secrets     = { TLS_KEY = var.key }
}

module "security" {
  source = "../.."

  node     = var.node
  name     = var.homelab
  images   = var.images
  ingress  = module.ingress.ingress
  services = { crowdsec = {}, fail2ban = {}, netalertx = {}, wazuh = {} }

  logs = merge(module.ingress.logs, {
    host = { source = one(keys(homelab_node.this.directories)), files = ["auth.log"], type = "syslog", create = true }
  })
  crowdsec = { community = false }
  jails = {
    login = { log = "ingress", failregex = ["^<HOST> .* \"POST /login[^\"]*\" 401 "], maxretry = 3, chain = "INPUT", bantime = "1h" }
    sshd  = { log = "host", filter = "sshd", maxretry = 3, chain = "INPUT" }
  }
  netalertx = { subnets = { "10.9.9.0/24" = "eth0" }, port = var.port, graphql_port = var.port + 1 }
  # What any node can give; one whose setting is too low has a test of its own.
  wazuh = { max_map_count = 65530, open_files = 1024 }
}

# What the ingress serves, and who asks for it. The clients run the ingress's image,
# which has curl.
resource "homelab_stack" "app" {
  node = var.node
  name = "${var.homelab}-app"

  compose = yamlencode({
    services = merge(
      { app = {
        image       = "nginx:1.29.3"
        command     = ["nginx", "-c", "/etc/app.conf", "-g", "daemon off;"]
        volumes     = ["${one(keys(homelab_node.this.directories))}:/log"]
        configs     = [{ source = "app", target = "/etc/app.conf" }]
        networks    = { front = {} }
        healthcheck = { test = ["CMD", "curl", "-fsS", "http://127.0.0.1:8080/hello"], interval = "2s", timeout = "30s", retries = 30 }
      } },
      { for client in ["attacker", "visitor"] : client => {
        image    = "nginx:1.29.3"
        command  = ["sh", "-c", "while :; do /bin/busybox sleep 3600; done"]
        networks = { front = {} }
        init     = true
      } },
    )
    networks = { front = { external = true, name = module.ingress.network } }
    configs  = { app = { content = replace(file("${path.module}/app.conf"), "$", "$$") } }
  })
}

output "bouncer" { value = module.security.bouncer }
