mock_provider "homelab" {}

variables {
  node   = "helios"
  domain = "home.arpa"
}

run "traefik_with_a_wildcard_certificate" {
  command = plan

  variables {
    name        = "front"
    address     = "10.0.20.5"
    networks    = ["media"]
    dashboard   = "traefik"
    sso         = { middleware = "authelia@docker" }
    certificate = { method = "dns", email = "a@home.arpa", dns_provider = "cloudflare", credentials = ["CF_DNS_API_TOKEN"] }
    routes      = [{ host = "nas.home.arpa", upstream = "https://nas:5001" }]
    bouncer     = { middleware = "security-crowdsec@docker", address = "http://security-bouncer:8080/verify" }
  }

  assert {
    condition     = jsonencode(local.traefik_static.entryPoints.websecure.http.middlewares) == jsonencode(["security-crowdsec@docker", "secure@file"])
    error_message = "Every request is asked about."
  }

  assert {
    condition = (
      jsonencode(keys(yamldecode(homelab_stack.this.compose).services)) == jsonencode(["engine", "traefik"]) &&
      jsonencode(keys(yamldecode(homelab_stack.this.compose).services.traefik.networks)) == jsonencode(["engine", "front", "media"]) &&
      yamldecode(homelab_stack.this.compose).services.traefik.environment.CF_DNS_API_TOKEN_FILE == "/run/secrets/CF_DNS_API_TOKEN" &&
      yamldecode(homelab_stack.this.compose).networks.engine.internal
    )
    error_message = homelab_stack.this.compose
  }

  assert {
    condition     = length([for s in values(yamldecode(homelab_stack.this.compose).services) : s if strcontains(yamlencode(s), "docker.sock")]) == 1
    error_message = "Only the proxy of the engine mounts its socket."
  }

  assert {
    condition = (
      local.traefik_static.certificatesResolvers.acme.acme.dnsChallenge.provider == "cloudflare" &&
      local.traefik_dynamic.tls.stores.default.defaultGeneratedCert.domain.sans[0] == "*.home.arpa" &&
      local.traefik_dynamic.tls.options.default.minVersion == "VersionTLS12" &&
      local.traefik_dynamic.http.routers.dashboard.middlewares[0] == "authelia@docker" &&
      local.traefik_dynamic.http.services.nas-home-arpa.loadBalancer.servers[0].url == "https://nas:5001" &&
      !can(local.traefik_dynamic.http.routers.nas-home-arpa.tls.certResolver)
    )
    error_message = yamlencode([local.traefik_static, local.traefik_dynamic])
  }

  assert {
    condition     = jsonencode(output.ingress) == jsonencode({ kind = "traefik", domain = "home.arpa", network = "front", entrypoint = "websecure", cert_resolver = null })
    error_message = jsonencode(output.ingress)
  }

  assert {
    condition     = output.rewrites["*.home.arpa"] == "10.0.20.5" && output.services.traefik == "https://traefik.home.arpa" && output.scrape[0].address == "traefik:8082" && output.logs.ingress.source == "front_logs"
    error_message = jsonencode([output.rewrites, output.services, output.scrape, output.logs])
  }
}

run "traefik_with_the_http_challenge" {
  command = plan

  variables {
    certificate = { method = "http", email = "a@home.arpa", server = "https://ca.home.arpa/acme", server_ca = "-----BEGIN CERTIFICATE-----" }
    access_log  = null
    routes      = [{ host = "nas.home.arpa", upstream = "https://nas:5001" }]
  }

  assert {
    condition = (
      output.ingress.cert_resolver == "acme" &&
      local.traefik_static.certificatesResolvers.acme.acme.httpChallenge.entryPoint == "web" &&
      local.traefik_static.certificatesResolvers.acme.acme.caServer == "https://ca.home.arpa/acme" &&
      local.traefik_dynamic.http.routers.nas-home-arpa.tls.certResolver == "acme" &&
      yamldecode(homelab_stack.this.compose).services.traefik.environment.LEGO_CA_CERTIFICATES == "/etc/ingress/server-ca.pem"
    )
    error_message = yamlencode([local.traefik_static, local.traefik_dynamic])
  }

  assert {
    condition     = length(output.logs) == 0 && !can(local.traefik_static.accessLog.filePath) && length(output.rewrites) == 0
    error_message = "Without a volume the access log goes to the container's output."
  }
}

run "traefik_with_a_certificate_of_its_own" {
  command = plan

  variables {
    certificate = { method = "own", chain = "-----BEGIN CERTIFICATE-----" }
  }

  assert {
    condition = (
      local.traefik_dynamic.tls.stores.default.defaultCertificate.keyFile == "/run/secrets/TLS_KEY" &&
      length(local.traefik_static.certificatesResolvers) == 0 &&
      !can(local.traefik_dynamic.http.routers) &&
      jsonencode(yamldecode(homelab_stack.this.compose).secrets) == jsonencode({ TLS_KEY = { environment = "TLS_KEY" } })
    )
    error_message = yamlencode([local.traefik_static, local.traefik_dynamic])
  }
}

run "nginx_behind_sso" {
  command = plan

  variables {
    kind        = "nginx"
    certificate = { method = "own", chain = "-----BEGIN CERTIFICATE-----" }
    sso         = { middleware = "authelia@docker", auth_request = "http://authelia:9091/api/authz/auth-request", sign_in = "https://auth.home.arpa" }
    routes      = [{ host = "app.home.arpa", upstream = "http://app:8000", sso = true }]
    images      = { nginx = "nginx:1.31.0" }
  }

  assert {
    condition = (
      jsonencode(keys(yamldecode(homelab_stack.this.compose).services)) == jsonencode(["nginx"]) &&
      yamldecode(homelab_stack.this.compose).services.nginx.image == "nginx:1.31.0" &&
      yamldecode(homelab_stack.this.compose).services.nginx.read_only &&
      strcontains(local.nginx.files["/etc/ingress/nginx.conf"], "set $auth http://authelia:9091/api/authz/auth-request;") &&
      strcontains(local.nginx.files["/etc/ingress/nginx.conf"], "return 302 https://auth.home.arpa?rd=") &&
      !strcontains(local.nginx.files["/etc/ingress/challenge.conf"], "443")
    )
    error_message = local.nginx.files["/etc/ingress/nginx.conf"]
  }

  assert {
    condition     = length(output.scrape) == 0 && length(output.probes) == 0 && output.ingress.kind == "nginx"
    error_message = "What is behind single sign-on answers no probe."
  }
}

run "nginx_with_certbot" {
  command = plan

  variables {
    kind        = "nginx"
    certificate = { method = "http", email = "a@home.arpa" }
    routes      = [{ host = "app.home.arpa", upstream = "http://app:8000" }]
    bouncer     = { middleware = "security-crowdsec@docker", address = "http://security-bouncer:8080/verify" }
  }

  assert {
    condition     = strcontains(local.nginx.files["/etc/ingress/nginx.conf"], "set $bouncer http://security-bouncer:8080/verify;")
    error_message = local.nginx.files["/etc/ingress/nginx.conf"]
  }

  assert {
    condition = (
      yamldecode(homelab_stack.this.compose).services.certbot.environment.HOSTS == "app.home.arpa" &&
      jsonencode(keys(yamldecode(homelab_stack.this.compose).volumes)) == jsonencode(["letsencrypt", "logs", "webroot"]) &&
      output.probes[0].address == "https://app.home.arpa"
    )
    error_message = homelab_stack.this.compose
  }
}

run "proxy_manager" {
  command = plan

  variables {
    kind        = "npm"
    admin_email = "a@home.arpa"
  }

  assert {
    condition = (
      yamldecode(homelab_stack.this.compose).services.npm.environment.INITIAL_ADMIN_PASSWORD__FILE == "/run/secrets/ADMIN_PASSWORD" &&
      homelab_secret.this["admin"].generate.length == 32 &&
      yamldecode(homelab_stack.this.compose).secrets.ADMIN_PASSWORD.external &&
      yamldecode(homelab_stack.this.compose).services.npm.secrets[0].target == "ADMIN_PASSWORD" &&
      contains([for p in yamldecode(homelab_stack.this.compose).services.npm.ports : try(p.host_ip, "")], "127.0.0.1") &&
      !can(yamldecode(homelab_stack.this.compose).services.npm.init)
    )
    error_message = homelab_stack.this.compose
  }

  assert {
    condition     = length(output.logs) == 0 && output.ingress.network == "ingress"
    error_message = jsonencode(output.ingress)
  }
}

run "proxy_manager_with_a_password_of_ones_own" {
  command = plan

  variables {
    kind        = "npm"
    admin_email = "a@home.arpa"
    passwords   = { admin = "my-npm" }
  }

  assert {
    condition     = length(homelab_secret.this) == 0 && yamldecode(homelab_stack.this.compose).secrets.ADMIN_PASSWORD.name == "my-npm"
    error_message = homelab_stack.this.compose
  }
}

run "proxy_manager_without_a_user" {
  command = plan

  variables {
    kind = "npm"
  }

  assert {
    condition     = length(homelab_secret.this) == 0 && !can(yamldecode(homelab_stack.this.compose).services.npm.secrets) && length(yamldecode(homelab_stack.this.compose).secrets) == 0
    error_message = homelab_stack.this.compose
  }
}
