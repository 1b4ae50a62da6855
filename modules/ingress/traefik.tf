locals {
  # https://doc.traefik.io/traefik/reference/install-configuration/boot-environment/
  traefik_static = {
    global  = { checkNewVersion = false, sendAnonymousUsage = false }
    log     = { level = "INFO" }
    ping    = { entryPoint = "traefik" }
    api     = { dashboard = var.dashboard != null, insecure = false }
    metrics = { prometheus = { entryPoint = "metrics", addRoutersLabels = true } }
    accessLog = merge(
      { format = "json", fields = { headers = { names = { User-Agent = "keep" } } } },
      { for key, value in { filePath = "/var/log/ingress/access.log" } : key => value if local.logs != null },
    )
    entryPoints = {
      web       = { address = ":80", http = { redirections = { entryPoint = { to = "websecure", scheme = "https" } } } }
      websecure = { address = ":443", http = { tls = {}, middlewares = concat(var.bouncer == null ? [] : [var.bouncer.middleware], ["secure@file"]) } }
      traefik   = { address = ":8080" }
      metrics   = { address = ":8082" }
    }
    providers = {
      file = { filename = "/etc/traefik/dynamic.yaml" }
      docker = {
        endpoint         = "tcp://engine:2375"
        exposedByDefault = false
        network          = var.name
        # Another homelab's ingress may be on the same engine.
        constraints = "Label(`homelab.ingress`, `${var.name}`)"
      }
    }
    certificatesResolvers = { for name, resolver in { acme = { acme = { for key, value in {
      email         = try(var.certificate.email, null)
      storage       = "/acme/acme.json"
      caServer      = try(var.certificate.server, null)
      dnsChallenge  = local.method == "dns" ? { provider = var.certificate.dns_provider, resolvers = var.certificate.resolvers } : null
      httpChallenge = local.method == "http" ? { entryPoint = "web" } : null
    } : key => value if value != null } } } : name => resolver if local.acme }
  }

  traefik_routers = merge(
    { for name, r in local.traefik_routes : name => { for key, value in {
      rule        = "Host(`${r.host}`)"
      entryPoints = ["websecure"]
      service     = name
      middlewares = r.sso ? [var.sso.middleware] : null
      tls         = local.router_tls
    } : key => value if value != null } },
    { for name, router in { dashboard = {
      rule        = "Host(`${coalesce(var.dashboard, "-")}.${var.domain}`)"
      entryPoints = ["websecure"]
      service     = "api@internal"
      middlewares = [try(var.sso.middleware, "")]
      tls         = local.router_tls
    } } : name => router if var.dashboard != null },
  )
  traefik_routes = { for r in var.routes : replace(r.host, ".", "-") => r }

  # https://doc.traefik.io/traefik/reference/routing-configuration/
  traefik_dynamic = {
    http = { for key, value in {
      middlewares = { secure = { headers = {
        contentTypeNosniff   = true
        stsSeconds           = 31536000
        stsIncludeSubdomains = true
        referrerPolicy       = var.gateway.referrer
      } } }
      routers  = local.traefik_routers
      services = { for name, r in local.traefik_routes : name => { loadBalancer = { servers = [{ url = r.upstream }] } } }
    } : key => value if length(value) > 0 } # Traefik takes no empty section
    tls = merge(
      { options = { default = {
        minVersion = "VersionTLS12"
        cipherSuites = [
          "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
          "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
          "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        ]
      } } },
      { for key, value in {
        certificates = local.own ? [local.own_files] : null
        stores       = local.own ? { default = { defaultCertificate = local.own_files } } : null
      } : key => value if value != null },
      { for key, value in { stores = { default = { defaultGeneratedCert = {
        resolver = "acme"
        domain   = { main = var.domain, sans = ["*.${var.domain}"] }
      } } } } : key => value if local.method == "dns" },
    )
  }
  own_files = { certFile = "/etc/ingress/chain.pem", keyFile = "/run/secrets/TLS_KEY" }

  # The wildcard certificate and one's own are the default ones; the HTTP challenge
  # gets one for each router.
  router_tls = local.method == "http" ? { certResolver = "acme" } : {}

  traefik = {
    user_convention = "user"
    cpus            = 1
    capabilities    = []
    tmpfs           = ["/tmp"]
    entrypoint      = ["/bin/sh", "/etc/ingress/run.sh"]
    command         = ["traefik"]
    healthcheck     = { test = ["traefik", "healthcheck"], interval = "10s" }
    mounts          = local.acme ? { "/acme" = { source = "acme" } } : {}
    environment = merge(
      local.run_environment,
      local.method != "dns" ? {} : { for name in var.certificate.credentials : "${name}_FILE" => "/run/secrets/${name}" },
      try(var.certificate.server_ca, null) == null ? {} : { LEGO_CA_CERTIFICATES = "/etc/ingress/server-ca.pem" },
    )
    files = merge(
      local.run_files,
      { "/etc/traefik/traefik.yaml" = yamlencode(local.traefik_static), "/etc/traefik/dynamic.yaml" = yamlencode(local.traefik_dynamic) },
      try(var.certificate.server_ca, null) == null ? {} : { "/etc/ingress/server-ca.pem" = var.certificate.server_ca },
    )
  }

  run_environment = local.logs == null ? {} : { ACCESS_LOG = "/var/log/ingress/access.log", ACCESS_LOG_BYTES = tostring(var.access_log.megabytes * 1048576) }
  run_files = merge(
    { "/etc/ingress/run.sh" = file("${path.module}/templates/run.sh") },
    local.own ? { "/etc/ingress/chain.pem" = var.certificate.chain } : {},
  )
}

# What Traefik may ask the engine.
module "engine" {
  source   = "../service"
  for_each = toset(var.kind == "traefik" ? ["traefik"] : [])

  name        = "engine"
  image       = local.image.engine
  timezone    = var.timezone
  criticality = "critical"
  memory      = "64m"
  cpus        = 0.5
  environment = { CONTAINERS = "1", NETWORKS = "1", POST = "0" }
  tmpfs       = ["/run", "/tmp"]
  healthcheck = { test = ["wget", "-q", "--spider", "http://127.0.0.1:2375/_ping"], interval = "10s" }
  networks    = { engine = {} }
}
