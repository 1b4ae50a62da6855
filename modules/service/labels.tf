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

  # An ingress takes only what was given to it: others may be on the same engine.
  served = try(var.ingress.kind, "") == "traefik" ? { "homelab.ingress" = var.ingress.network } : {}

  labels = merge(local.served, local.traefik, local.homepage, { "homelab.criticality" = var.criticality }, var.labels)
}
