locals {
  webroot = "/var/www/acme"
  live    = "/etc/letsencrypt/live/${var.name}"

  nginx = {
    user_convention = "user"
    cpus            = 0.5
    capabilities    = ["CHOWN", "SETGID", "SETUID"] # for its workers' user
    tmpfs           = ["/tmp", "/var/cache/nginx", "/var/run"]
    entrypoint      = ["/bin/sh", "/etc/ingress/run.sh"]
    command         = ["nginx", "-c", "/tmp/nginx.conf", "-g", "daemon off;"]
    healthcheck     = { test = ["curl", "-fsS", "http://127.0.0.1:8081/healthz"], interval = "10s" }
    environment     = merge(local.run_environment, { CERTIFICATE = local.own ? "/etc/ingress/chain.pem" : "${local.live}/fullchain.pem" })
    mounts          = !local.acme ? {} : { "/etc/letsencrypt" = { source = "letsencrypt", read_only = true }, (local.webroot) = { source = "webroot", read_only = true } }
    files = merge(local.run_files, {
      "/etc/ingress/nginx.conf"     = templatefile("${path.module}/templates/nginx.conf.tftpl", merge(local.nginx_values, { tls = true }))
      "/etc/ingress/challenge.conf" = templatefile("${path.module}/templates/nginx.conf.tftpl", merge(local.nginx_values, { tls = false }))
    })
  }

  nginx_values = {
    routes      = var.routes
    gateway     = var.gateway
    webroot     = local.webroot
    certificate = local.own ? "/etc/ingress/chain.pem" : "${local.live}/fullchain.pem"
    key         = local.own ? "/run/secrets/TLS_KEY" : "${local.live}/privkey.pem"
    access_log  = local.logs != null
    bouncer     = try(var.bouncer.address, null)
    sso         = { auth_request = try(var.sso.auth_request, null), sign_in = try(var.sso.sign_in, null) }
    headers = { for name, value in {
      "X-Content-Type-Options"    = "nosniff"
      "X-Frame-Options"           = "SAMEORIGIN"
      "Referrer-Policy"           = var.gateway.referrer
      "Strict-Transport-Security" = var.gateway.hsts
      "Content-Security-Policy"   = var.gateway.csp
    } : name => value if value != null }
  }

  npm = {
    user_convention = "linuxserver" # its s6 is the same
    cpus            = 1
    capabilities    = ["NET_BIND_SERVICE"]
    tmpfs           = []
    entrypoint      = null
    command         = null
    healthcheck     = { test = ["/usr/bin/check-health"], interval = "10s" }
    files           = {}
    mounts          = { "/data" = { source = "data" }, "/etc/letsencrypt" = { source = "letsencrypt" } }
    environment     = var.admin_email == null ? {} : { INITIAL_ADMIN_EMAIL = var.admin_email, INITIAL_ADMIN_PASSWORD__FILE = "/run/secrets/ADMIN_PASSWORD" }
  }
}

# Gets the certificate of all routes, and renews it; nginx loads it by itself.
module "certbot" {
  source   = "../service"
  for_each = toset(var.kind == "nginx" && local.acme ? ["nginx"] : [])

  name     = "certbot"
  image    = local.image.certbot
  timezone = var.timezone
  memory   = "256m"
  cpus     = 0.5
  files = merge(
    { "/etc/ingress/certbot.sh" = file("${path.module}/templates/certbot.sh") },
    var.certificate.server_ca == null ? {} : { "/etc/ingress/server-ca.pem" = var.certificate.server_ca },
  )
  environment = merge(
    { NAME = var.name, EMAIL = var.certificate.email, SERVER = var.certificate.server, HOSTS = join(" ", var.routes[*].host), WEBROOT = local.webroot },
    var.certificate.server_ca == null ? {} : { REQUESTS_CA_BUNDLE = "/etc/ingress/server-ca.pem" },
  )
  entrypoint  = ["/bin/sh", "/etc/ingress/certbot.sh"]
  healthcheck = { test = ["/bin/sh", "-c", "test -n \"$(find /tmp/alive -mmin -10)\""], interval = "30s" }
  tmpfs       = ["/tmp", "/var/log/letsencrypt", "/var/lib/letsencrypt"]
  mounts      = { "/etc/letsencrypt" = { source = "letsencrypt" }, (local.webroot) = { source = "webroot" } }

  depends_on_services = { nginx = "service_healthy" }
}
