# Each validation of a connection refuses what it is about.

variables {
  name  = "web"
  image = "registry.example/web:1.2.3"
}

run "mount_target" {
  command         = plan
  expect_failures = [var.mounts]

  variables {
    mounts = { "data" = { source = "data" } }
  }
}

run "mount_source" {
  command         = plan
  expect_failures = [var.mounts]

  variables {
    mounts = { "/data" = { source = "../data" } }
  }
}

run "mount_engine_socket" {
  command         = plan
  expect_failures = [var.mounts]

  variables {
    mounts = { "/run/docker.sock" = { source = "/var/run/docker.sock" } }
  }
}

run "port_range" {
  command         = plan
  expect_failures = [var.ports]

  variables {
    ports = { web = { host = 0, container = 80 } }
  }
}

run "port_protocol" {
  command         = plan
  expect_failures = [var.ports]

  variables {
    ports = { web = { host = 80, container = 80, protocol = "http" } }
  }
}

run "network_address" {
  command         = plan
  expect_failures = [var.networks]

  variables {
    networks = { lan = { ipv4_address = "10.0.0.300" } }
  }
}

run "network_mode" {
  command         = plan
  expect_failures = [var.network_mode]

  variables {
    network_mode = "bridge"
  }
}

run "network_mode_with_ports" {
  command         = plan
  expect_failures = [var.network_mode]

  variables {
    network_mode = "service:vpn"
    ports        = { web = { host = 80, container = 80 } }
  }
}

run "secret_mode" {
  command         = plan
  expect_failures = [var.secrets]

  variables {
    secrets = { token = { mode = "400" } }
  }
}

run "web_port" {
  command         = plan
  expect_failures = [var.web]

  variables {
    web = { port = 0 }
  }
}

run "web_scheme" {
  command         = plan
  expect_failures = [var.web]

  variables {
    web = { port = 80, scheme = "tcp" }
  }
}

run "criticality" {
  command         = plan
  expect_failures = [var.criticality]

  variables {
    criticality = "very"
  }
}

run "file_relative" {
  command         = plan
  expect_failures = [var.files]

  variables {
    files = { "nginx.conf" = "" }
  }
}

run "web_host" {
  command         = plan
  expect_failures = [var.web]

  variables {
    web = { port = 80, host = "Web_1" }
  }
}

run "metrics_port" {
  command         = plan
  expect_failures = [var.metrics]

  variables {
    metrics = { port = 0 }
  }
}

run "monitor_url" {
  command         = plan
  expect_failures = [var.monitor]

  variables {
    monitor = { url = "web:80" }
  }
}

run "monitor_interval" {
  command         = plan
  expect_failures = [var.monitor]

  variables {
    monitor = { interval = 1 }
  }
}

run "environment_name" {
  command         = plan
  expect_failures = [var.environment]

  variables {
    environment = { "WEB PORT" = "80" }
  }
}
