# Authentik: server, worker, PostgreSQL and Redis.
# https://docs.goauthentik.io/install-config/install/docker-compose/
# Its versions from 2025.10 on need no Redis.
locals {
  # Values that begin with file:// are read from files:
  # https://docs.goauthentik.io/install-config/configuration/
  authentik_environment = {
    AUTHENTIK_SECRET_KEY               = "file:///run/secrets/secret_key"
    AUTHENTIK_POSTGRESQL__HOST         = "authentik-postgresql"
    AUTHENTIK_POSTGRESQL__NAME         = "authentik"
    AUTHENTIK_POSTGRESQL__USER         = "authentik"
    AUTHENTIK_POSTGRESQL__PASSWORD     = "file:///run/secrets/postgresql_password"
    AUTHENTIK_REDIS__HOST              = "authentik-redis"
    AUTHENTIK_DISABLE_UPDATE_CHECK     = "true"
    AUTHENTIK_ERROR_REPORTING__ENABLED = "false"
  }

  authentik_usual = merge(local.usual, {
    image       = lookup(var.images, "authentik", local.images.authentik)
    environment = merge(local.authentik_environment, var.environment)
    depends_on  = { authentik-postgresql = "service_healthy", authentik-redis = "service_healthy" }
    networks    = { default = {}, data = {} }
    mounts      = { "/media" = { source = "media" }, "/templates" = { source = "templates" } }
    secrets     = { secret_key = { source = "secret-key" }, postgresql_password = { source = "postgresql-password" } }
    memory      = "1g"
    read_only   = false
    criticality = "critical"
  })

  authentik = {
    authentik = merge(local.authentik_usual, {
      command  = ["server"]
      networks = { default = {}, data = {}, (var.ingress.network) = { aliases = [local.alias] } }
      web      = { port = 9000, host = var.host, sso = false }
      metrics  = { port = 9300 }
      labels   = local.middleware_labels
    })

    # The first administrator's password is read by the worker, from the environment
    # only, and at its first start only.
    authentik-worker = merge(local.authentik_usual, {
      image      = lookup(var.images, "authentik-worker", lookup(var.images, "authentik", local.images.authentik))
      entrypoint = ["sh", "-c", "AUTHENTIK_BOOTSTRAP_PASSWORD=$$(cat /run/secrets/admin_password) exec dumb-init -- ak worker"]
      mounts     = merge(local.authentik_usual.mounts, { "/certs" = { source = "certs" } })
      files      = { "/blueprints/homelab.yaml" = local.blueprint }
      secrets = merge(local.authentik_usual.secrets, { admin_password = { source = "admin-password" } },
      { for name in keys(var.clients) : "client_${name}" => { source = "client-${name}" } })
    })

    authentik-postgresql = merge(local.usual, {
      image       = lookup(var.images, "authentik-postgresql", lookup(var.images, "postgresql", local.images.postgresql))
      user        = { uid = 999, gid = 999 }
      environment = { POSTGRES_DB = "authentik", POSTGRES_USER = "authentik", POSTGRES_PASSWORD_FILE = "/run/secrets/postgresql_password" }
      healthcheck = { test = ["pg_isready", "-U", "authentik", "-d", "authentik"], start_period = "1m" }
      mounts      = { "/var/lib/postgresql/data" = { source = var.data_root == null ? "postgresql" : "${var.data_root}/postgresql" } }
      secrets     = { postgresql_password = { source = "postgresql-password" } }
      networks    = { data = {} }
      tmpfs       = ["/tmp", "/var/run/postgresql"]
      grace       = "2m"
      criticality = "critical"
    })

    authentik-redis = merge(local.usual, {
      image       = lookup(var.images, "authentik-redis", lookup(var.images, "redis", local.images.redis))
      user        = { uid = 999, gid = 999 }
      command     = ["redis-server", "--save", "60", "1", "--loglevel", "warning"]
      healthcheck = { test = ["redis-cli", "ping"] }
      mounts      = { "/data" = { source = var.data_root == null ? "redis" : "${var.data_root}/redis" } }
      networks    = { data = {} }
      memory      = "256m"
      criticality = "critical"
    })
  }

  # What Authentik makes of itself: the provider behind the ingress's middleware, and
  # an application for each client. https://docs.goauthentik.io/customize/blueprints/
  blueprint = templatefile("${path.module}/authentik.yaml.tftpl", {
    name = var.name, url = local.url, domain = try(var.ingress.domain, ""), clients = var.clients
  })
}
