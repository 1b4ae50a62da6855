# Each validation refuses what it is about.

variables {
  name  = "web"
  image = "registry.example/web:1.2.3"
}

run "name_upper_case" {
  command         = plan
  expect_failures = [var.name]

  variables {
    name = "Web"
  }
}

run "name_hyphen" {
  command         = plan
  expect_failures = [var.name]

  variables {
    name = "web-"
  }
}

run "image_without_tag" {
  command         = plan
  expect_failures = [var.image]

  variables {
    image = "registry.example:5000/web"
  }
}

run "image_latest" {
  command         = plan
  expect_failures = [var.image]

  variables {
    image = "registry.example/web:latest"
  }
}

run "user_negative" {
  command         = plan
  expect_failures = [var.user]

  variables {
    user = { uid = -1, gid = 0 }
  }
}

run "user_umask" {
  command         = plan
  expect_failures = [var.user]

  variables {
    user = { uid = 1, gid = 1, umask = "9" }
  }
}

run "user_convention" {
  command         = plan
  expect_failures = [var.user_convention]

  variables {
    user_convention = "root"
  }
}

run "timezone" {
  command         = plan
  expect_failures = [var.timezone]

  variables {
    timezone = "europe madrid"
  }
}

run "restart" {
  command         = plan
  expect_failures = [var.restart]

  variables {
    restart = "sometimes"
  }
}

run "stop_grace_period" {
  command         = plan
  expect_failures = [var.stop_grace_period]

  variables {
    stop_grace_period = "30"
  }
}

run "healthcheck_empty" {
  command         = plan
  expect_failures = [var.healthcheck]

  variables {
    healthcheck = { test = [] }
  }
}

run "healthcheck_interval" {
  command         = plan
  expect_failures = [var.healthcheck]

  variables {
    healthcheck = { test = ["true"], interval = "soon" }
  }
}

run "healthcheck_retries" {
  command         = plan
  expect_failures = [var.healthcheck]

  variables {
    healthcheck = { test = ["true"], retries = 0 }
  }
}

run "depends_on_condition" {
  command         = plan
  expect_failures = [var.depends_on_services]

  variables {
    depends_on_services = { db = "healthy" }
  }
}

run "memory" {
  command         = plan
  expect_failures = [var.memory]

  variables {
    memory = "lots"
  }
}

run "memory_reservation" {
  command         = plan
  expect_failures = [var.memory_reservation]

  variables {
    memory_reservation = "0m"
  }
}

run "cpus" {
  command         = plan
  expect_failures = [var.cpus]

  variables {
    cpus = 0
  }
}

run "pids" {
  command         = plan
  expect_failures = [var.pids]

  variables {
    pids = 0.5
  }
}

run "capability_prefix" {
  command         = plan
  expect_failures = [var.capabilities]

  variables {
    capabilities = ["CAP_NET_ADMIN"]
  }
}

run "capability_all" {
  command         = plan
  expect_failures = [var.capabilities]

  variables {
    capabilities = ["ALL"]
  }
}

run "tmpfs_relative" {
  command         = plan
  expect_failures = [var.tmpfs]

  variables {
    tmpfs = ["tmp"]
  }
}

run "log_size" {
  command         = plan
  expect_failures = [var.log]

  variables {
    log = { max_size = "10" }
  }
}

run "gpu" {
  command         = plan
  expect_failures = [var.gpu]

  variables {
    gpu = "voodoo"
  }
}

run "device" {
  command         = plan
  expect_failures = [var.devices]

  variables {
    devices = ["ttyUSB0"]
  }
}
