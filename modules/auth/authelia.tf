# Authelia: one program with SQLite. https://www.authelia.com/configuration/
locals {
  authelia_secrets = merge(
    {
      session_secret         = "session-secret"
      storage_encryption_key = "storage-encryption-key"
      reset_password_jwt     = "reset-password-jwt"
      users                  = "users"
    },
    length(var.clients) == 0 ? {} : { oidc_hmac = "oidc-hmac", oidc_issuer_key = "oidc-issuer-key" },
    { for name in keys(var.clients) : "client_${name}" => "client-${name}" },
  )

  authelia = { authelia = merge(local.usual, {
    image = lookup(var.images, "authelia", local.images.authelia)
    user  = var.user
    environment = merge({
      X_AUTHELIA_CONFIG                                           = "/etc/authelia/configuration.yml"
      X_AUTHELIA_CONFIG_FILTERS                                   = "template"
      AUTHELIA_SESSION_SECRET_FILE                                = "/run/secrets/session_secret"
      AUTHELIA_STORAGE_ENCRYPTION_KEY_FILE                        = "/run/secrets/storage_encryption_key"
      AUTHELIA_IDENTITY_VALIDATION_RESET_PASSWORD_JWT_SECRET_FILE = "/run/secrets/reset_password_jwt"
      },
    length(var.clients) == 0 ? {} : { AUTHELIA_IDENTITY_PROVIDERS_OIDC_HMAC_SECRET_FILE = "/run/secrets/oidc_hmac" }, var.environment)
    healthcheck = { test = ["wget", "-q", "-O", "/dev/null", "http://localhost:9091/api/health"] }
    mounts      = { "/config" = { source = "${local.configs}/authelia" } }
    files       = { "/etc/authelia/configuration.yml" = "${yamlencode(local.authelia_configuration)}${local.authelia_clients}" }
    secrets     = { for file, source in local.authelia_secrets : file => { source = source } }
    networks    = { default = {}, (var.ingress.network) = { aliases = [local.alias] } }
    web         = { port = 9091, host = var.host, sso = false }
    metrics     = { port = 9959 }
    labels      = local.middleware_labels
    memory      = "256m"
    criticality = "critical"
  }) }

  authelia_configuration = {
    # The image's own check would write a file beside the program at the start, and
    # Authelia ends where it cannot.
    server    = { address = "tcp://:9091/", disable_healthcheck = true }
    telemetry = { metrics = { enabled = true, address = "tcp://:9959/metrics" } }
    authentication_backend = {
      # Users are a secret that the configuration owns: nothing is changed from inside.
      password_reset  = { disable = true }
      password_change = { disable = true }
      file            = { path = "/run/secrets/users" }
    }
    access_control = {
      default_policy = "deny"
      rules          = [{ domain = [try(var.ingress.domain, ""), "*.${try(var.ingress.domain, "")}"], policy = var.policy }]
    }
    session  = { cookies = [{ domain = try(var.ingress.domain, ""), authelia_url = local.url }] }
    storage  = { local = { path = "/config/db.sqlite3" } }
    notifier = { filesystem = { filename = "/config/notification.txt" } }
  }

  # Not a part of what yamlencode writes: Authelia reads the secrets in itself.
  authelia_clients = length(var.clients) == 0 ? "" : templatefile("${path.module}/authelia.yaml.tftpl", { clients = var.clients, policy = var.policy })
}
