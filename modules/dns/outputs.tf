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
  description = "URLs to check from outside: that of the interface, where single sign-on does not keep it."
  value       = [for r in [module.filter.route] : "https://${r.host}" if try(!r.sso, false)]
}
