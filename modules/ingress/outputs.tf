output "ingress" {
  description = "What services have to know to be served: give it to other modules as `ingress`."
  value = {
    kind          = var.kind
    domain        = var.domain
    network       = homelab_network.this.name
    entrypoint    = "websecure"
    cert_resolver = var.kind == "traefik" && local.method == "http" ? "acme" : null
  }
}

output "network" {
  description = "Name of the network that the ingress shares with what it serves."
  value       = homelab_network.this.name
}

output "services" {
  description = "URLs of the ingress's own interfaces, by service."
  value       = var.dashboard == null ? {} : { traefik = "https://${var.dashboard}.${var.domain}" }
}

output "scrape" {
  description = "What Prometheus has to know to scrape the ingress: `job`, `address`, `path`, and the `network` that it reaches it on."
  value       = [for s in [module.proxy.scrape] : merge(s, { network = homelab_network.this.name }) if s != null]
}

output "probes" {
  description = "Addresses whose answer shows that the ingress works: Traefik's own, and those of `routes` that are not behind single sign-on."
  value = concat(
    var.kind != "traefik" ? [] : [{ name = var.name, address = "http://traefik:8080/ping", network = homelab_network.this.name }],
    [for r in var.routes : { name = r.host, address = "https://${r.host}", network = null } if !r.sso],
  )
}

output "logs" {
  description = "The access log, as the module `security` takes it: `source` is a volume on the node."
  value = local.logs == null || var.kind == "npm" ? {} : {
    ingress = { source = local.logs, files = ["access.log"], type = var.kind }
  }

  # Who reads it finds the volume. The bouncer comes after the ingress, then, which
  # serves nobody without.
  depends_on = [homelab_stack.this]
}

output "rewrites" {
  description = "Split-horizon records, as the module `dns` takes them: the domain and all below it at `address`."
  value       = var.address == null ? {} : { (var.domain) = var.address, "*.${var.domain}" = var.address }
}
