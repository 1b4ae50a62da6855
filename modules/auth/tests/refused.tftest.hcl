# Each validation refuses what it is about.

mock_provider "homelab" {}

variables {
  ingress = { kind = "traefik", domain = "home.arpa", network = "proxy" }
}

run "name" {
  command         = plan
  expect_failures = [var.name]

  variables {
    name = "Auth!"
  }
}

run "timezone" {
  command         = plan
  expect_failures = [var.timezone]

  variables {
    timezone = "europe madrid"
  }
}

run "kind" {
  command         = plan
  expect_failures = [var.kind]

  variables {
    kind = "keycloak"
  }
}

run "host" {
  command         = plan
  expect_failures = [var.host]

  variables {
    host = "auth.home"
  }
}

run "user_root" {
  command         = plan
  expect_failures = [var.user]

  variables {
    user = { uid = 0, gid = 0 }
  }
}

run "data_root" {
  command         = plan
  expect_failures = [var.data_root]

  variables {
    data_root = "data/"
  }
}

run "config_root" {
  command         = plan
  expect_failures = [var.config_root]

  variables {
    config_root = "srv"
  }
}

run "policy" {
  command         = plan
  expect_failures = [var.policy]

  variables {
    policy = "none"
  }
}

run "environment_secret" {
  command         = plan
  expect_failures = [var.environment]

  variables {
    environment = { AUTHENTIK_EMAIL__PASSWORD = "x" }
  }
}

run "client_id" {
  command         = plan
  expect_failures = [var.clients]

  variables {
    clients = { Grafana = { redirect_uris = ["https://a.b/c"] } }
  }
}

run "client_without_redirect" {
  command         = plan
  expect_failures = [var.clients]

  variables {
    clients = { grafana = { redirect_uris = [] } }
  }
}

run "client_scope" {
  command         = plan
  expect_failures = [var.clients]

  variables {
    clients = { grafana = { redirect_uris = ["https://a.b/c"], scopes = ["openid", "all"] } }
  }
}

run "client_title" {
  command         = plan
  expect_failures = [var.clients]

  variables {
    clients = { grafana = { redirect_uris = ["https://a.b/c"], title = "a \"b\"" } }
  }
}

run "image_latest" {
  command         = plan
  expect_failures = [var.images]

  variables {
    images = { redis = "redis:latest" }
  }
}

run "image_of_nothing" {
  command         = plan
  expect_failures = [var.images]

  variables {
    images = { mysql = "mysql:8" }
  }
}

run "secret_of_the_other_kind" {
  command         = plan
  expect_failures = [var.secrets]

  variables {
    secrets = { users = "x" }
  }
}

run "authelia_without_users" {
  command         = plan
  expect_failures = [var.secrets]

  variables {
    kind = "authelia"
  }
}

run "authelia_with_clients_and_no_key" {
  command         = plan
  expect_failures = [var.secrets]

  variables {
    kind    = "authelia"
    secrets = { users = "x" }
    clients = { grafana = { redirect_uris = ["https://a.b/c"] } }
  }
}
