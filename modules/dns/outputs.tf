output "services" {
  description = "URLs of the services that have an interface, by service. Empty without `ingress`."
  value       = { for name, url in { (var.kind) = module.filter.url } : name => url if url != null }
}

output "routes" {
  description = "What an ingress without discovery has to know."
  value       = [for r in [module.filter.route] : r if r != null]
}

output "scrape" {
  description = "What Prometheus has to know: neither Pi-hole nor AdGuard Home has metrics of its own."
  value       = []
}

output "probes" {
  description = "Addresses whose answer shows that the services work."
  value       = [{ name = var.name, address = local.pihole ? "http://pihole:80/admin/" : "http://adguard:3000/login.html", network = "${homelab_stack.this.name}_default" }]
}

output "networks" {
  description = "The stack's networks, as the engine names them."
  value       = { default = "${homelab_stack.this.name}_default" }
}
