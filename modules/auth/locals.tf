locals {
  url     = "https://${var.host}.${var.ingress.domain}"
  configs = coalesce(var.config_root, "/srv/${var.name}")

  # On the ingress's network, where others may run an Authentik too.
  alias = "${var.name}-sso"

  usual = {
    user      = null, environment = {}, command = null, entrypoint = null, healthcheck = null, depends_on = {}, mounts = {}, files = {}
    secrets   = {}, networks = {}, ports = {}, web = null, metrics = null, labels = {}, memory = "512m", cpus = 1
    read_only = true, tmpfs = ["/tmp"], grace = "30s", criticality = "high"
  }

  # What asks for a login, as the ingress calls it:
  # https://docs.goauthentik.io/add-secure-apps/providers/proxy/server_traefik/
  # https://www.authelia.com/integration/proxies/traefik/
  forward_auth = {
    authentik = {
      traefik = "http://${local.alias}:9000/outpost.goauthentik.io/auth/traefik"
      nginx   = "http://${local.alias}:9000/outpost.goauthentik.io/auth/nginx"
      login   = "${local.url}/outpost.goauthentik.io/start?rd="
      headers = ["X-authentik-username", "X-authentik-groups", "X-authentik-email", "X-authentik-name", "X-authentik-uid"]
    }
    authelia = {
      traefik = "http://${local.alias}:9091/api/authz/forward-auth"
      nginx   = "http://${local.alias}:9091/api/authz/auth-request"
      login   = "${local.url}/?rd="
      headers = ["Remote-User", "Remote-Groups", "Remote-Email", "Remote-Name"]
    }
  }[var.kind]

  middleware = "${var.name}-sso"
  middleware_labels = var.ingress.kind != "traefik" ? {} : {
    "traefik.http.middlewares.${local.middleware}.forwardauth.address"             = local.forward_auth.traefik
    "traefik.http.middlewares.${local.middleware}.forwardauth.trustForwardHeader"  = "true"
    "traefik.http.middlewares.${local.middleware}.forwardauth.authResponseHeaders" = join(",", local.forward_auth.headers)
  }

  # What a client of OpenID Connect is told, by client.
  oidc = { for id, c in var.clients : id => merge(
    { client_id = id, secret = local.named["client-${id}"], scopes = c.scopes },
    var.kind == "authentik" ? {
      issuer                 = "${local.url}/application/o/${id}/"
      discovery              = "${local.url}/application/o/${id}/.well-known/openid-configuration"
      authorization_endpoint = "${local.url}/application/o/authorize/"
      token_endpoint         = "${local.url}/application/o/token/"
      userinfo_endpoint      = "${local.url}/application/o/userinfo/"
      end_session_endpoint   = "${local.url}/application/o/${id}/end-session/"
      } : {
      issuer                 = local.url
      discovery              = "${local.url}/.well-known/openid-configuration"
      authorization_endpoint = "${local.url}/api/oidc/authorization"
      token_endpoint         = "${local.url}/api/oidc/token"
      userinfo_endpoint      = "${local.url}/api/oidc/userinfo"
      end_session_endpoint   = "${local.url}/logout"
    },
  ) }

  all = { for name, s in merge(local.authentik, local.authelia) : name => s if startswith(name, var.kind) }
}
