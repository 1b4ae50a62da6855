locals {
  mimir_members = ["mimir-1", "mimir-2", "mimir-3"]

  # A password of S3 is a file, and these programs read an environment variable;
  # their images have no shell, hence the one of `tools`.
  with_s3 = { for kind, user in local.s3 : kind => {
    tools = true
    entrypoint = [
      "/tools/busybox", "sh", "-c",
      "AWS_SECRET_ACCESS_KEY=$$(/tools/busybox cat /run/secrets/s3) && export AWS_SECRET_ACCESS_KEY && exec \"$$@\"", "sh",
    ]
    environment = { AWS_ACCESS_KEY_ID = user.access_key }
    secrets     = { s3 = "s3-${kind}" }
    networks    = var.storage.network == null ? [] : [var.storage.network]
  } if user != null }

  program = { for kind, path in { loki = "/usr/bin/loki", tempo = "/tempo", mimir = "/bin/mimir" } :
    kind => local.s3[kind] == null ? [] : [path]
  }

  store_specs = {
    # https://grafana.com/docs/loki/latest/setup/install/docker/; distroless, with a
    # health check of its own since 3.7.
    loki = merge({
      command     = concat(local.program.loki, ["-config.file=/etc/loki/config.yml"])
      files       = { "/etc/loki/config.yml" = local.loki_yml }
      data        = { "/loki" = true }
      healthcheck = { test = ["/usr/bin/loki", "-health"], start_period = "90s" }
      memory      = "1g"
    }, try(local.with_s3.loki, {}))

    # https://grafana.com/docs/tempo/latest/setup/; distroless.
    tempo = merge({
      command     = concat(local.program.tempo, ["-config.file=/etc/tempo/config.yml"])
      files       = { "/etc/tempo/config.yml" = local.tempo_yml }
      data        = { "/var/tempo" = true }
      healthcheck = local.probe["3200/ready"]
      memory      = "1g"
      tools       = true
      ports = var.otlp == null ? {} : {
        otlp-grpc = { host = 4317, container = 4317, host_ip = var.otlp }
        otlp-http = { host = 4318, container = 4318, host_ip = var.otlp }
      }
    }, try(local.with_s3.tempo, {}))

    # https://grafana.com/docs/mimir/latest/; distroless. The three answer to
    # `mimir` in turn.
    mimir = merge({
      command     = concat(local.program.mimir, ["-config.file=/etc/mimir/config.yml"])
      files       = { "/etc/mimir/config.yml" = local.mimir_yml }
      data        = { "/data" = true }
      user        = var.user == null ? { uid = 0, gid = 0 } : var.user # its image has no /data that its user could write to
      aliases     = ["mimir"]
      healthcheck = local.probe["9009/ready"]
      memory      = "1g"
      tools       = true
    }, try(local.with_s3.mimir, {}))

    # https://grafana.com/docs/alloy/latest/set-up/install/docker/
    alloy = {
      command     = ["run", "--server.http.listen-addr=0.0.0.0:12345", "--storage.path=/var/lib/alloy/data", "--disable-reporting", "/etc/alloy/config.alloy"]
      files       = { "/etc/alloy/config.alloy" = local.alloy_config }
      data        = { "/var/lib/alloy/data" = true }
      user        = var.user == null ? { uid = 0, gid = 0 } : var.user
      networks    = ["engine"]
      after       = { engine = "service_healthy", loki = "service_healthy" }
      healthcheck = local.probe["12345/-/ready"]
      memory      = "512m"
      tools       = true
    }
  }
}
