output "services" {
  description = "Where the services' web interfaces are offered, by name; null where they are not."
  value       = { for name, s in module.service : name => s.url }
}

output "routes" {
  description = "What an ingress without discovery has to know."
  value       = [for s in values(module.service) : s.route if s.route != null]
}

output "scrape" {
  description = "What another Prometheus has to know to scrape these services."
  value       = [for s in values(module.service) : merge(s.scrape, { network = local.network }) if s.scrape != null]
}

output "probes" {
  description = "Addresses whose answer shows that the services work."
  value = [for name, path in { prometheus = "9090/-/ready", alertmanager = "9093/-/ready", grafana = "3000/api/health", loki = "3100/ready", tempo = "3200/ready", uptime-kuma = "3001/" } :
    { name = name, address = "http://${name}:${path}", network = local.network } if local.on[name]
  ]
}

output "networks" {
  description = "The stack's networks, as the engine names them. Services on the network `monitoring` send traces to `tempo:4317` and `tempo:4318`."
  value       = { monitoring = local.network }
}

locals {
  network = "${homelab_stack.this.name}_monitoring"
}
