# Each validation of certificates and the gateway refuses what it is about.

mock_provider "homelab" {}

variables {
  node        = "helios"
  domain      = "home.arpa"
  certificate = { method = "dns", email = "a@home.arpa", dns_provider = "cloudflare", credentials = ["CF_DNS_API_TOKEN"] }
}

run "no_certificate" {
  command         = plan
  expect_failures = [var.certificate]

  variables {
    certificate = null
  }
}

run "certificate_method" {
  command         = plan
  expect_failures = [var.certificate]

  variables {
    certificate = { method = "tls", email = "a@home.arpa" }
  }
}

run "dns_challenge_of_nginx" {
  command         = plan
  expect_failures = [var.certificate]

  variables {
    kind = "nginx"
  }
}

run "certificate_without_email" {
  command         = plan
  expect_failures = [var.certificate]

  variables {
    certificate = { method = "http" }
  }
}

run "dns_challenge_without_credentials" {
  command         = plan
  expect_failures = [var.certificate]

  variables {
    certificate = { method = "dns", email = "a@home.arpa", dns_provider = "cloudflare" }
  }
}

run "own_certificate_without_chain" {
  command         = plan
  expect_failures = [var.certificate]

  variables {
    certificate = { method = "own" }
  }
}

run "certificate_server" {
  command         = plan
  expect_failures = [var.certificate]

  variables {
    certificate = { method = "http", email = "a@home.arpa", server = "acme.home.arpa" }
  }
}

run "admin_email" {
  command         = plan
  expect_failures = [var.admin_email]

  variables {
    kind        = "npm"
    certificate = null
    admin_email = "admin"
  }
}

run "gateway_rate" {
  command         = plan
  expect_failures = [var.gateway]

  variables {
    gateway = { rate = 0.5 }
  }
}

run "gateway_body_size" {
  command         = plan
  expect_failures = [var.gateway]

  variables {
    gateway = { body_size = "lots" }
  }
}

run "gateway_header" {
  command         = plan
  expect_failures = [var.gateway]

  variables {
    gateway = { csp = "default-src \"self\"" }
  }
}

run "access_log" {
  command         = plan
  expect_failures = [var.access_log]

  variables {
    access_log = { megabytes = 0 }
  }
}

run "secret_unknown" {
  command         = plan
  expect_failures = [var.secrets]

  variables {
    secrets = { CF_API_KEY = "x" }
  }
}

run "password_unknown" {
  command         = plan
  expect_failures = [var.passwords]

  variables {
    kind        = "npm"
    certificate = null
    admin_email = "a@home.arpa"
    passwords   = { root = "npm-root" }
  }
}

run "password_of_nobody" {
  command         = plan
  expect_failures = [var.passwords]

  variables {
    kind        = "npm"
    certificate = null
    passwords   = { admin = "npm-admin" }
  }
}
