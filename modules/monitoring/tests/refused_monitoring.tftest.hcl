# Each validation refuses what it is about.

mock_provider "homelab" {}

run "scrape_address" {
  command         = plan
  expect_failures = [var.scrape]

  variables {
    scrape = [{ job = "traefik", address = "http://traefik:8082" }]
  }
}

run "scrape_job_of_this_module" {
  command         = plan
  expect_failures = [var.scrape]

  variables {
    scrape = [{ job = "prometheus", address = "other:9090" }]
  }
}

run "probe_address" {
  command         = plan
  expect_failures = [var.probes]

  variables {
    probes = [{ name = "nas", address = "nas:80" }]
  }
}

run "retention" {
  command         = plan
  expect_failures = [var.retention]

  variables {
    retention = { logs = "a while" }
  }
}

run "alert_name" {
  command         = plan
  expect_failures = [var.alerts]

  variables {
    alerts = { "too hot" = { expr = "t > 90", summary = "Too hot." } }
  }
}

run "alert_severity" {
  command         = plan
  expect_failures = [var.alerts]

  variables {
    alerts = { Hot = { expr = "t > 90", severity = "panic", summary = "Too hot." } }
  }
}

run "alert_webhook" {
  command         = plan
  expect_failures = [var.alert_webhooks]

  variables {
    alert_webhooks = { ntfy = "ntfy.lan/alerts" }
  }
}

run "dashboard_without_title" {
  command         = plan
  expect_failures = [var.dashboards]

  variables {
    dashboards = { mine = jsonencode({ panels = [] }) }
  }
}

run "beszel_key" {
  command         = plan
  expect_failures = [var.beszel_key]

  variables {
    beszel_key = "secret"
  }
}

run "otlp" {
  command         = plan
  expect_failures = [var.otlp]

  variables {
    otlp = "everywhere"
  }
}

run "service_host" {
  command         = plan
  expect_failures = [var.services]

  variables {
    services = { grafana = { host = "graphs.home.arpa" } }
  }
}

run "network_name" {
  command         = plan
  expect_failures = [var.networks]

  variables {
    networks = ["media default"]
  }
}
