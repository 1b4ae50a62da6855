output "services" {
  description = "Where the ingress offers each service; null where it does not."
  value       = { for name in keys(local.chosen) : name => module.service[name].url }
}

output "urls" {
  description = "Where services of the stack reach each other, by service."
  value       = { for name, s in local.chosen : name => "http://${s.vpn ? "gluetun" : name}:${local.ports[name]}" }
}

output "networks" {
  description = "The stack's networks on the node, by their names in it: who is to reach its services joins one."
  value       = { for name, n in homelab_stack.this.networks : name => n.name }
}

output "routes" {
  description = "What an ingress without discovery has to know of each host."
  value = [for name, s in module.service : merge(s.route, local.chosen[name].vpn ? {
    upstream = "http://${var.name}-gluetun:${local.ports[name]}"
  } : {}) if s.route != null]
}

output "scrape" {
  description = "What Prometheus has to know to scrape the stack. None of its services offers metrics."
  value       = [for s in module.service : s.scrape if s.scrape != null]
}

output "probes" {
  description = "What a monitor from outside should reach: a name and an address for each published service."
  value       = [for name in keys(local.chosen) : { name = name, url = module.service[name].url } if module.service[name].url != null]
}

output "data" {
  description = "Where services see the media, the downloads, and each its library: the paths to set in their interfaces."
  value = merge(local.inside, {
    libraries = { for name, library in local.libraries : name => local.chosen[name].kind == "tubearchivist" ? "/youtube" : "${local.inside.media}/${library}" }
  })
}

output "generated" {
  description = "Names of the secrets that were generated, by what they are for."
  value       = { for name, s in homelab_secret.generated : name => s.name }
}
