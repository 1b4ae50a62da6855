# Each validation refuses what it is about.

mock_provider "homelab" {}

variables {
  node = "overwatch"
}

run "name_upper_case" {
  command         = plan
  expect_failures = [var.name]

  variables {
    name = "DNS"
  }
}

run "kind" {
  command         = plan
  expect_failures = [var.kind]

  variables {
    kind = "bind"
  }
}

run "timezone" {
  command         = plan
  expect_failures = [var.timezone]

  variables {
    timezone = "europe madrid"
  }
}

run "record_with_a_dot" {
  command         = plan
  expect_failures = [var.records]

  variables {
    records = { "nas.home.arpa." = "10.0.20.9" }
  }
}

run "record_address" {
  command         = plan
  expect_failures = [var.records]

  variables {
    records = { "nas.home.arpa" = "10.0.20" }
  }
}

run "rewrite_name" {
  command         = plan
  expect_failures = [var.rewrites]

  variables {
    rewrites = { "a.*.home.arpa" = "10.0.20.5" }
  }
}

run "rewrite_address" {
  command         = plan
  expect_failures = [var.rewrites]

  variables {
    rewrites = { "*.home.arpa" = "nas" }
  }
}

run "rewrite_that_is_a_record" {
  command         = plan
  expect_failures = [var.rewrites]

  variables {
    records  = { "nas.home.arpa" = "10.0.20.9" }
    rewrites = { "nas.home.arpa" = "10.0.20.5" }
  }
}

run "refused_name" {
  command         = plan
  expect_failures = [var.refused]

  variables {
    refused = ["*.ads.example"]
  }
}

run "refused_that_has_an_address" {
  command         = plan
  expect_failures = [var.refused]

  variables {
    records = { "nas.home.arpa" = "10.0.20.9" }
    refused = ["nas.home.arpa"]
  }
}

run "upstreams_none" {
  command         = plan
  expect_failures = [var.upstreams]

  variables {
    upstreams = []
  }
}

run "upstream_name" {
  command         = plan
  expect_failures = [var.upstreams]

  variables {
    upstreams = [{ address = "9.9.9.9", name = "Quad 9" }]
  }
}

run "cache_megabytes" {
  command         = plan
  expect_failures = [var.cache]

  variables {
    cache = { megabytes = 1 }
  }
}

run "cache_min_ttl" {
  command         = plan
  expect_failures = [var.cache]

  variables {
    cache = { min_ttl = 86400 }
  }
}

run "port" {
  command         = plan
  expect_failures = [var.ports]

  variables {
    ports = { dns = 0 }
  }
}

run "images" {
  command         = plan
  expect_failures = [var.images]

  variables {
    images = { bind = "bind:9" }
  }
}

run "password_hash" {
  command         = plan
  expect_failures = [var.password_hash]

  variables {
    kind          = "adguard"
    password_hash = "secret"
  }
}

run "replica_url" {
  command         = plan
  expect_failures = [var.replicas]

  variables {
    kind          = "adguard"
    password_hash = "$2y$10$abcdefghijklmnopqrstuuNNV8RZ7SB2d2LcgRC9vM7fnqTkkPbPq"
    replicas      = ["10.0.20.6:3000"]
  }
}

run "replicas_of_pihole" {
  command         = plan
  expect_failures = [var.replicas]

  variables {
    replicas = ["http://10.0.20.6:3000"]
  }
}

run "secret_unknown" {
  command         = plan
  expect_failures = [var.secrets]

  variables {
    kind          = "adguard"
    password_hash = "$2y$10$abcdefghijklmnopqrstuuNNV8RZ7SB2d2LcgRC9vM7fnqTkkPbPq"
    secrets       = { PASSWORD = "x" }
  }
}

run "secret_of_pihole" {
  command         = plan
  expect_failures = [var.secrets]

  variables {
    secrets = { WEB_PASSWORD = "x" }
  }
}

run "password_unknown" {
  command         = plan
  expect_failures = [var.passwords]

  variables {
    passwords = { admin = "dns-admin" }
  }
}

run "password_of_adguard" {
  command         = plan
  expect_failures = [var.passwords]

  variables {
    kind          = "adguard"
    password_hash = "$2y$10$abcdefghijklmnopqrstuuNNV8RZ7SB2d2LcgRC9vM7fnqTkkPbPq"
    passwords     = { web = "dns-web" }
  }
}
