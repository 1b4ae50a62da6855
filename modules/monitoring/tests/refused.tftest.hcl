# Each validation refuses what it is about.

mock_provider "homelab" {}

run "name" {
  command         = plan
  expect_failures = [var.name]

  variables {
    name = "Storage"
  }
}

run "timezone" {
  command         = plan
  expect_failures = [var.timezone]

  variables {
    timezone = "madrid"
  }
}

run "user_negative" {
  command         = plan
  expect_failures = [var.user]

  variables {
    user = { uid = 0.5, gid = 0 }
  }
}

run "data_root_relative" {
  command         = plan
  expect_failures = [var.data_root]

  variables {
    node      = "nas"
    user      = { uid = 1, gid = 1 }
    data_root = "data"
  }
}

run "data_root_without_node" {
  command         = plan
  expect_failures = [var.data_root]

  variables {
    user      = { uid = 1, gid = 1 }
    data_root = "/data/x"
  }
}

run "data_root_without_user" {
  command         = plan
  expect_failures = [var.data_root]

  variables {
    node      = "nas"
    data_root = "/data/x"
  }
}

run "images_unknown" {
  command         = plan
  expect_failures = [var.images]

  variables {
    images = { minio = "quay.io/minio/minio:1" }
  }
}

run "service_unknown" {
  command         = plan
  expect_failures = [var.services]

  variables {
    services = { zabbix = {} }
  }
}

run "mimir_without_storage" {
  command         = plan
  expect_failures = [var.services]

  variables {
    services = { mimir = {} }
  }
}

run "alloy_without_loki" {
  command         = plan
  expect_failures = [var.services]

  variables {
    services = { alloy = {} }
  }
}

run "beszel_agent_without_key" {
  command         = plan
  expect_failures = [var.services]

  variables {
    services = { beszel-agent = {} }
  }
}

run "service_limits" {
  command         = plan
  expect_failures = [var.services]

  variables {
    services = { prometheus = { memory = "much" } }
  }
}

run "secret_unknown" {
  command         = plan
  expect_failures = [var.secrets]

  variables {
    secrets = { loki = "loki" }
  }
}

run "storage_user_without_bucket" {
  command         = plan
  expect_failures = [var.storage]

  variables {
    storage = { endpoint = "minio:9000", users = { loki = { access_key = "loki", secret = "s3", buckets = [] } } }
  }
}

run "engine_socket_relative" {
  command         = plan
  expect_failures = [var.engine_socket]

  variables {
    engine_socket = "docker.sock"
  }
}
