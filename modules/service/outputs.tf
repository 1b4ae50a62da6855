output "service" {
  description = "The service as a Compose document has it: put it under `services` and give the document to `homelab_stack`."
  value       = { for key, value in local.all : key => value if value != null && try(length(value), 1) != 0 }
}

output "networks" {
  description = "Networks that the stack has to know: those of the service, and the ingress's, which is external."
  value = local.networks == null ? {} : { for name in keys(local.networks) : name =>
    local.published && name == try(var.ingress.network, null) ? { external = true } : {} if name != "default"
  }
}

output "volumes" {
  description = "Named volumes that the stack has to know."
  value       = { for m in local.mounts : m.source => {} if m.type == "volume" }
}

output "configs" {
  description = "Configs that the stack has to know: the contents of `files`."
  value       = { for f in values(local.files) : f.name => { content = f.content } }
}

output "url" {
  description = "Where the ingress offers the web interface; null if it does not."
  value       = local.published ? "https://${local.host}" : null
}

output "route" {
  description = "What an ingress without discovery has to know: host, and where to pass requests on. Null if nothing is published."
  value = !local.published ? null : {
    host     = local.host
    upstream = "${var.web.scheme}://${var.name}:${var.web.port}"
    sso      = local.behind
  }
}

output "scrape" {
  description = "What Prometheus has to know to scrape the service; null if it offers no metrics."
  value = var.metrics == null ? null : {
    job     = var.name
    address = "${var.name}:${var.metrics.port}"
    path    = var.metrics.path
  }
}
