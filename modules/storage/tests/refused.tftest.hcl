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
    user = { uid = -1, gid = 0 }
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
    images = { loki = "grafana/loki:3.7.2" }
  }
}

run "limits" {
  command         = plan
  expect_failures = [var.limits]

  variables {
    limits = { memory = "much" }
  }
}

run "root_user_short" {
  command         = plan
  expect_failures = [var.root_user]

  variables {
    root_user = "me"
  }
}

run "bucket_name" {
  command         = plan
  expect_failures = [var.buckets]

  variables {
    buckets = { Loki = {}, tempo = {}, mimir = {} }
    users   = { tempo = { buckets = ["tempo"] } }
  }
}

run "bucket_quota" {
  command         = plan
  expect_failures = [var.buckets]

  variables {
    buckets = { loki = { quota = "much" } }
    users   = { loki = { buckets = ["loki"] } }
  }
}

run "user_called_root" {
  command         = plan
  expect_failures = [var.users]

  variables {
    users = { root = { buckets = ["loki"] } }
  }
}

run "user_called_as_the_administrator" {
  command         = plan
  expect_failures = [var.users]

  variables {
    users = { admin = { buckets = ["loki"] } }
  }
}

run "user_of_an_unknown_bucket" {
  command         = plan
  expect_failures = [var.users]

  variables {
    users = { loki = { buckets = ["logs"] } }
  }
}

run "secret_of_nobody" {
  command         = plan
  expect_failures = [var.secrets]

  variables {
    secrets = { grafana = "grafana" }
  }
}
