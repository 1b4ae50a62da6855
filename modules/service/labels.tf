locals {
  # A router of its own for each service: Traefik names them across all stacks of
  # an engine, so the host is part of the name.
  router = local.published ? replace(local.host, ".", "-") : ""

  traefik = !local.published ? {} : var.ingress.kind != "traefik" ? {} : merge(
    {
      "traefik.enable"                                                   = "true"
      "traefik.docker.network"                                           = var.ingress.network
      "traefik.http.routers.${local.router}.rule"                        = "Host(`${local.host}`)"
      "traefik.http.routers.${local.router}.entrypoints"                 = var.ingress.entrypoint
      "traefik.http.routers.${local.router}.tls"                         = "true"
      "traefik.http.routers.${local.router}.service"                     = local.router
      "traefik.http.services.${local.router}.loadbalancer.server.port"   = tostring(var.web.port)
      "traefik.http.services.${local.router}.loadbalancer.server.scheme" = var.web.scheme
    },
    var.ingress.cert_resolver == null ? {} : { "traefik.http.routers.${local.router}.tls.certresolver" = var.ingress.cert_resolver },
    local.behind ? { "traefik.http.routers.${local.router}.middlewares" = var.sso.middleware } : {},
  )

  # https://gethomepage.dev/configs/docker/#automatic-service-discovery
  homepage = var.dashboard == null ? {} : { for key, value in {
    "homepage.group"       = var.dashboard.group
    "homepage.name"        = coalesce(var.dashboard.title, title(replace(var.name, "-", " ")))
    "homepage.icon"        = var.dashboard.icon
    "homepage.description" = var.dashboard.description
    "homepage.href"        = local.published ? "https://${local.host}" : null
  } : key => value if value != null }

  # Homarr lists every container that it sees, but those that say so:
  # https://homarr.dev/docs/integrations/docker/#configuration
  homarr = var.dashboard == null ? { "homarr.hide" = "true" } : {}

  # https://github.com/BigBoot/AutoKuma: a monitor of Uptime Kuma for each container
  # that asks for one.
  watched = var.monitor == null ? null : var.monitor.url != null ? var.monitor.url : local.published ? "https://${local.host}" : null
  kuma    = "kuma.${local.published ? local.router : var.name}.http"
  monitor = local.watched == null ? {} : {
    "${local.kuma}.name"     = local.published ? local.host : var.name
    "${local.kuma}.url"      = local.watched
    "${local.kuma}.interval" = tostring(var.monitor.interval)
  }

  # As relabelling of discovered containers commonly reads them:
  # https://prometheus.io/docs/prometheus/latest/configuration/configuration/#docker_sd_config
  metrics = var.metrics == null ? {} : {
    "prometheus.io/scrape" = "true"
    "prometheus.io/port"   = tostring(var.metrics.port)
    "prometheus.io/path"   = var.metrics.path
  }

  # An ingress takes only what was given to it: others may be on the same engine.
  served = try(var.ingress.kind, "") == "traefik" ? { "homelab.ingress" = var.ingress.network } : {}

  labels = merge(local.served, local.traefik, local.homepage, local.homarr, local.monitor, local.metrics, { "homelab.criticality" = var.criticality }, var.labels)
}
