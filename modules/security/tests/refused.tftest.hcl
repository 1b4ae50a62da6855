# Each validation refuses what it is about.

mock_provider "homelab" {}

run "name" {
  command         = plan
  expect_failures = [var.name]

  variables {
    name = "Security"
  }
}

run "timezone" {
  command         = plan
  expect_failures = [var.timezone]

  variables {
    timezone = "madrid"
  }
}

run "data_root_relative" {
  command         = plan
  expect_failures = [var.data_root]

  variables {
    node      = "nas"
    data_root = "data"
  }
}

run "data_root_without_node" {
  command         = plan
  expect_failures = [var.data_root]

  variables {
    data_root = "/data/x"
  }
}

run "images_unknown" {
  command         = plan
  expect_failures = [var.images]

  variables {
    images = { suricata = "jasonish/suricata:8" }
  }
}

run "image_latest" {
  command         = plan
  expect_failures = [var.images]

  variables {
    images = { crowdsec = "crowdsecurity/crowdsec:latest" }
  }
}

run "host" {
  command         = plan
  expect_failures = [var.services]

  variables {
    services = { wazuh = { host = "siem.home.arpa" } }
  }
}

run "service_unknown" {
  command         = plan
  expect_failures = [var.services]

  variables {
    services = { suricata = {} }
  }
}

run "fail2ban_without_jails" {
  command         = plan
  expect_failures = [var.services]

  variables {
    services = { fail2ban = {} }
  }
}

run "netalertx_without_subnets" {
  command         = plan
  expect_failures = [var.services]

  variables {
    services = { netalertx = {} }
  }
}

run "service_limits" {
  command         = plan
  expect_failures = [var.services]

  variables {
    services = { crowdsec = { cpus = 0 } }
  }
}

run "logs_name" {
  command         = plan
  expect_failures = [var.logs]

  variables {
    logs = { "my logs" = { source = "/var/log" } }
  }
}

run "logs_source" {
  command         = plan
  expect_failures = [var.logs]

  variables {
    logs = { mine = { source = "./logs" } }
  }
}

run "logs_files" {
  command         = plan
  expect_failures = [var.logs]

  variables {
    logs = { mine = { source = "/var/log", files = ["../shadow"] } }
  }
}

run "logs_made_by_a_pattern" {
  command         = plan
  expect_failures = [var.logs]

  variables {
    logs = { mine = { source = "/var/log", create = true } }
  }
}

run "secret_unknown" {
  command         = plan
  expect_failures = [var.secrets]

  variables {
    secrets = { grafana = "grafana" }
  }
}
