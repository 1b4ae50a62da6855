output "bouncer" {
  description = "How an ingress asks whether an address may pass: the middleware of Traefik, or the address of which another asks (204 is yes, 403 is no; the client's address is the last one of X-Forwarded-For). Null without CrowdSec."
  value = !local.on.crowdsec ? null : {
    middleware = "${local.middleware}@docker"
    address    = "http://${local.bouncer}:8080/verify"
    # Said without the stack: an ingress may be told before there is one, and this
    # module read its log.
    network = var.ingress == null ? "${var.name}_security" : var.ingress.network
  }
}

output "services" {
  description = "Where the services' web interfaces are offered, by name; null where they are not."
  value       = { for name, s in module.service : name => s.url }
}

output "routes" {
  description = "What an ingress without discovery has to know."
  value       = [for s in values(module.service) : s.route if s.route != null]
}

output "scrape" {
  description = "What Prometheus has to know to scrape the services."
  value       = [for s in values(module.service) : merge(s.scrape, { network = local.network }) if s.scrape != null]
}

output "probes" {
  description = "Addresses whose answer shows that the services work."
  value       = !local.on.crowdsec ? [] : [{ name = "crowdsec", address = "http://crowdsec:8080/health", network = local.network }]
}

output "networks" {
  description = "The stack's networks, as the engine names them."
  value       = { security = local.network }
}

locals {
  network = "${homelab_stack.this.name}_security"
}
