# Each validation refuses what it is about.

mock_provider "homelab" {}

variables {
  node        = "helios"
  domain      = "home.arpa"
  certificate = { method = "dns", email = "a@home.arpa", dns_provider = "cloudflare", credentials = ["CF_DNS_API_TOKEN"] }
}

run "name_upper_case" {
  command         = plan
  expect_failures = [var.name]

  variables {
    name = "Ingress"
  }
}

run "kind" {
  command         = plan
  expect_failures = [var.kind]

  variables {
    kind = "caddy"
  }
}

run "domain_of_one_label" {
  command         = plan
  expect_failures = [var.domain]

  variables {
    domain = "home"
  }
}

run "address" {
  command         = plan
  expect_failures = [var.address]

  variables {
    address = "10.0.0"
  }
}

run "timezone" {
  command         = plan
  expect_failures = [var.timezone]

  variables {
    timezone = "europe madrid"
  }
}

run "ports_equal" {
  command         = plan
  expect_failures = [var.ports]

  variables {
    ports = { http = 443 }
  }
}

run "route_host" {
  command         = plan
  expect_failures = [var.routes]

  variables {
    routes = [{ host = "App_1", upstream = "http://app:8000" }]
  }
}

run "route_upstream" {
  command         = plan
  expect_failures = [var.routes]

  variables {
    routes = [{ host = "app.home.arpa", upstream = "http://app:8000/path" }]
  }
}

run "route_host_twice" {
  command         = plan
  expect_failures = [var.routes]

  variables {
    routes = [{ host = "app.home.arpa", upstream = "http://app:8000" }, { host = "app.home.arpa", upstream = "http://other:8000" }]
  }
}

run "routes_of_npm" {
  command         = plan
  expect_failures = [var.routes]

  variables {
    kind        = "npm"
    certificate = null
    routes      = [{ host = "app.home.arpa", upstream = "http://app:8000" }]
  }
}

run "route_behind_no_sso" {
  command         = plan
  expect_failures = [var.routes]

  variables {
    routes = [{ host = "app.home.arpa", upstream = "http://app:8000", sso = true }]
  }
}

run "route_behind_sso_that_nginx_cannot_ask" {
  command         = plan
  expect_failures = [var.routes]

  variables {
    kind        = "nginx"
    certificate = { method = "own", chain = "-----BEGIN CERTIFICATE-----" }
    sso         = { middleware = "authelia@docker" }
    routes      = [{ host = "app.home.arpa", upstream = "http://app:8000", sso = true }]
  }
}

run "bouncer_of_npm" {
  command         = plan
  expect_failures = [var.bouncer]

  variables {
    kind        = "npm"
    certificate = null
    bouncer     = { middleware = "crowdsec@docker", address = "http://bouncer:8080/verify" }
  }
}

run "bouncer_and_sso_of_nginx" {
  command         = plan
  expect_failures = [var.bouncer]

  variables {
    kind        = "nginx"
    certificate = { method = "own", chain = "-----BEGIN CERTIFICATE-----" }
    sso         = { middleware = "authelia@docker", auth_request = "http://authelia:9091/auth" }
    bouncer     = { middleware = "crowdsec@docker", address = "http://bouncer:8080/verify" }
    routes      = [{ host = "app.home.arpa", upstream = "http://app:8000", sso = true }]
  }
}

run "dashboard_of_two_labels" {
  command         = plan
  expect_failures = [var.dashboard]

  variables {
    dashboard = "traefik.home"
    sso       = { middleware = "authelia@docker" }
  }
}

run "dashboard_of_nginx" {
  command         = plan
  expect_failures = [var.dashboard]

  variables {
    kind        = "nginx"
    certificate = { method = "own", chain = "-----BEGIN CERTIFICATE-----" }
    dashboard   = "traefik"
    sso         = { middleware = "authelia@docker" }
  }
}

run "dashboard_without_sso" {
  command         = plan
  expect_failures = [var.dashboard]

  variables {
    dashboard = "traefik"
  }
}

run "engine_socket" {
  command         = plan
  expect_failures = [var.engine_socket]

  variables {
    engine_socket = "docker.sock"
  }
}

run "images" {
  command         = plan
  expect_failures = [var.images]

  variables {
    images = { haproxy = "haproxy:3.2" }
  }
}

run "network_name" {
  command         = plan
  expect_failures = [var.networks]

  variables {
    networks = ["media default"]
  }
}

run "sso_url" {
  command         = plan
  expect_failures = [var.sso]

  variables {
    sso = { middleware = "authelia@docker", auth_request = "authelia:9091" }
  }
}

run "bouncer_address" {
  command         = plan
  expect_failures = [var.bouncer]

  variables {
    bouncer = { middleware = "crowdsec@docker", address = "bouncer:8080" }
  }
}
