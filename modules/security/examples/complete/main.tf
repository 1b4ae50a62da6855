# A node that watches the network, and bans whom the logs show.
terraform {
  required_version = ">= 1.11"

  required_providers {
    homelab = {
      source = "homelab-iac/homelab"
    }
  }
}

provider "homelab" {
  nodes = { overwatch = { host = "ssh://pi@overwatch.home.arpa" } }
}

module "security" {
  source = "../.."

  node     = "overwatch"
  ingress  = { kind = "traefik", domain = "home.arpa", network = "traefik_default", cert_resolver = "letsencrypt" }
  services = { crowdsec = {}, fail2ban = {}, netalertx = {} }

  logs = {
    traefik = { source = "/mnt/data/logs/traefik", files = ["access.log"], type = "traefik", create = true }
    host    = { source = "/var/log", files = ["auth.log"], type = "syslog" }
  }
  crowdsec  = { trusted = ["192.168.1.0/24"] }
  jails     = { sshd = { log = "host", filter = "sshd", chain = "INPUT" } }
  netalertx = { subnets = { "192.168.1.0/24" = "eth0" } }
}

output "bouncer" {
  description = "What an ingress asks before it lets somebody in."
  value       = module.security.bouncer
}
