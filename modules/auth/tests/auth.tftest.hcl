# Authentik and Authelia with the provider mocked: what the module makes of its inputs.

mock_provider "homelab" {}

variables {
  node    = "auth-prod"
  ingress = { kind = "traefik", domain = "home.arpa", network = "proxy" }
}

run "authentik" {
  assert {
    condition     = keys(yamldecode(homelab_stack.this.compose).services) == ["authentik", "authentik-postgresql", "authentik-redis", "authentik-worker"]
    error_message = homelab_stack.this.compose
  }

  assert {
    condition     = output.services == { authentik = "https://auth.home.arpa" } && output.probes[0].url == "https://auth.home.arpa"
    error_message = jsonencode(output.services)
  }

  assert {
    condition     = keys(homelab_secret.generated) == ["admin-password", "postgresql-password", "secret-key"]
    error_message = jsonencode(keys(homelab_secret.generated))
  }

  assert {
    condition = alltrue(flatten([for name, s in yamldecode(homelab_stack.this.compose).services : [for key, value in s.environment :
    !can(regex("(PASSWORD|SECRET_KEY)$", key)) || startswith(value, "file:///run/secrets/")]]))
    error_message = "A secret is in an environment."
  }

  assert {
    condition     = yamldecode(homelab_stack.this.compose).networks.data.internal && keys(yamldecode(homelab_stack.this.compose).services.authentik-postgresql.networks) == ["data"]
    error_message = homelab_stack.this.compose
  }

  assert {
    condition     = yamldecode(homelab_stack.this.compose).services.authentik-worker.depends_on.authentik-postgresql.condition == "service_healthy"
    error_message = homelab_stack.this.compose
  }

  assert {
    condition     = contains(keys(yamldecode(homelab_stack.this.compose).volumes), "postgresql") && length(homelab_node.this.directories) == 0
    error_message = homelab_stack.this.compose
  }

  assert {
    condition     = [for s in output.scrape : s.address] == ["authentik:9300"]
    error_message = jsonencode(output.scrape)
  }
}

run "sso_for_others" {
  variables {
    clients = { grafana = { redirect_uris = ["https://grafana.home.arpa/login/generic_oauth"], title = "Grafana" } }
  }

  assert {
    condition     = output.sso.middleware == "auth-sso@docker" && output.sso.oidc.grafana.secret == "auth-client-grafana" && output.sso.oidc.grafana.issuer == "https://auth.home.arpa/application/o/grafana/"
    error_message = jsonencode(output.sso)
  }

  assert {
    condition     = yamldecode(homelab_stack.this.compose).services.authentik.labels["traefik.http.middlewares.auth-sso.forwardauth.address"] == "http://auth-sso:9000/outpost.goauthentik.io/auth/traefik"
    error_message = jsonencode(yamldecode(homelab_stack.this.compose).services.authentik.labels)
  }

  assert {
    condition     = jsonencode(yamldecode(homelab_stack.this.compose).services.authentik.networks.proxy.aliases) == jsonencode(["auth-sso"]) && !can(yamldecode(homelab_stack.this.compose).services.authentik.labels["traefik.http.routers.auth-home-arpa.middlewares"])
    error_message = "The page to log in cannot ask for a login."
  }

  assert {
    condition     = strcontains(local.blueprint, "client_secret: !File /run/secrets/client_grafana") && strcontains(local.blueprint, "cookie_domain: home.arpa") && strcontains(local.blueprint, "name: \"Grafana\"")
    error_message = local.blueprint
  }

  assert {
    condition     = contains([for s in yamldecode(homelab_stack.this.compose).services.authentik-worker.secrets : s.target], "client_grafana")
    error_message = homelab_stack.this.compose
  }
}

run "behind_another_ingress" {
  variables {
    ingress = { kind = "nginx", domain = "home.arpa", network = "proxy" }
  }

  assert {
    condition     = jsonencode(output.routes) == jsonencode([{ host = "auth.home.arpa", sso = false, upstream = "http://auth-sso:9000" }]) && !can(yamldecode(homelab_stack.this.compose).services.authentik.labels["traefik.enable"])
    error_message = jsonencode(output.routes)
  }

  assert {
    condition     = output.sso.auth_request == "http://auth-sso:9000/outpost.goauthentik.io/auth/nginx" && output.sso.sign_in == "https://auth.home.arpa/outpost.goauthentik.io/start"
    error_message = jsonencode(output.sso)
  }
}

run "data_on_the_node" {
  variables {
    data_root = "/mnt/data"
  }

  assert {
    condition     = homelab_node.this.directories["/mnt/data/postgresql"].uid == 999 && homelab_node.this.directories["/mnt/data/redis"].mode == "0700"
    error_message = jsonencode(homelab_node.this.directories)
  }

  assert {
    condition     = yamldecode(homelab_stack.this.compose).services.authentik-postgresql.volumes[0].source == "/mnt/data/postgresql" && !contains(keys(yamldecode(homelab_stack.this.compose).volumes), "postgresql")
    error_message = homelab_stack.this.compose
  }
}

run "images_and_secrets_of_the_callers_own" {
  variables {
    images  = { postgresql = "postgres:17.2", authentik-worker = "example/authentik:1" }
    secrets = { secret-key = "mine" }
  }

  assert {
    condition     = [for name in ["authentik-postgresql", "authentik-worker"] : yamldecode(homelab_stack.this.compose).services[name].image] == ["postgres:17.2", "example/authentik:1"]
    error_message = homelab_stack.this.compose
  }

  assert {
    condition     = !contains(keys(homelab_secret.generated), "secret-key") && yamldecode(homelab_stack.this.compose).secrets.secret-key.name == "mine"
    error_message = homelab_stack.this.compose
  }
}

run "authelia" {
  variables {
    kind    = "authelia"
    user    = { uid = 2000, gid = 2000 }
    secrets = { users = "authelia-users" }
  }

  assert {
    condition     = keys(yamldecode(homelab_stack.this.compose).services) == ["authelia"] && yamldecode(homelab_stack.this.compose).services.authelia.user == "2000:2000"
    error_message = homelab_stack.this.compose
  }

  assert {
    condition     = keys(homelab_secret.generated) == ["reset-password-jwt", "session-secret", "storage-encryption-key"] && homelab_secret.generated["session-secret"].uid == 2000
    error_message = jsonencode(keys(homelab_secret.generated))
  }

  assert {
    condition     = homelab_node.this.directories["/srv/auth/authelia"].uid == 2000
    error_message = jsonencode(homelab_node.this.directories)
  }

  assert {
    condition     = local.authelia_configuration.access_control.rules[0].policy == "two_factor" && local.authelia_configuration.session.cookies[0].authelia_url == "https://auth.home.arpa"
    error_message = jsonencode(local.authelia_configuration)
  }

  assert {
    condition     = yamldecode(homelab_stack.this.compose).services.authelia.read_only && local.authelia_configuration.server.disable_healthcheck
    error_message = "Authelia writes its health check's settings beside itself, unless it is told not to: it cannot where the root is read-only."
  }

  assert {
    condition     = output.sso.forward_auth.traefik == "http://auth-sso:9091/api/authz/forward-auth" && output.sso.sign_in == "https://auth.home.arpa/" && output.scrape[0].address == "authelia:9959"
    error_message = jsonencode(output.sso)
  }
}

run "authelia_with_clients" {
  variables {
    kind    = "authelia"
    policy  = "one_factor"
    secrets = { users = "authelia-users", oidc-issuer-key = "issuer" }
    clients = { grafana = { redirect_uris = ["https://grafana.home.arpa/login/generic_oauth"], scopes = ["openid", "groups"] } }
  }

  assert {
    condition     = one(regexall("client_secret: '([^']*)'", local.authelia_clients))[0] == join("", ["$", "plaintext", "$", "{{ secret \"/run/secrets/client_grafana\" }}"])
    error_message = local.authelia_clients
  }

  assert {
    condition     = yamldecode(replace("${yamlencode(local.authelia_configuration)}${local.authelia_clients}", "/key: \\{\\{.*/", "key: x")).identity_providers.oidc.clients[0].authorization_policy == "one_factor"
    error_message = local.authelia_clients
  }

  assert {
    condition     = output.sso.oidc.grafana.issuer == "https://auth.home.arpa" && contains(keys(homelab_secret.generated), "oidc-hmac")
    error_message = jsonencode(output.sso)
  }
}
