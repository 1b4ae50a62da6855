# A node that serves, watches the network, and bans whom the logs show.
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

variable "dns_token" {
  description = "Token of the DNS provider, for the certificate."
  type        = string
  ephemeral   = true
}

# Asks about every request whether the address may pass, and keeps the log by which
# that is decided.
module "ingress" {
  source = "../../../ingress"

  node    = "overwatch"
  domain  = "example.org"
  bouncer = module.security.bouncer

  certificate = { method = "dns", email = "me@example.org", dns_provider = "cloudflare", credentials = ["CF_DNS_API_TOKEN"] }
  secrets     = { CF_DNS_API_TOKEN = var.dns_token }
}

module "security" {
  source = "../.."

  node     = "overwatch"
  ingress  = module.ingress.ingress
  services = { crowdsec = {}, fail2ban = {}, netalertx = {} }

  logs = merge(module.ingress.logs, {
    host = { source = "/var/log", files = ["auth.log"], type = "syslog" }
  })
  crowdsec  = { trusted = ["192.168.1.0/24"] }
  jails     = { sshd = { log = "host", filter = "sshd", chain = "INPUT" } }
  netalertx = { subnets = { "192.168.1.0/24" = "eth0" } }
}

output "bouncer" {
  description = "What an ingress asks before it lets somebody in."
  value       = module.security.bouncer
}
