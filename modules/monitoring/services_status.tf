locals {
  status_specs = {
    # https://grafana.com/docs/grafana/latest/setup-grafana/configure-docker/
    grafana = {
      about = "Dashboards"
      environment = {
        GF_SERVER_ROOT_URL                 = local.external.grafana
        GF_SECURITY_ADMIN_PASSWORD__FILE   = "/run/secrets/grafana"
        GF_ANALYTICS_REPORTING_ENABLED     = "false"
        GF_ANALYTICS_CHECK_FOR_UPDATES     = "false"
        GF_USERS_ALLOW_SIGN_UP             = "false"
        GF_PLUGINS_PREINSTALL_DISABLED     = "true" # or it fetches plugins when it starts
        GF_PATHS_PROVISIONING              = "/etc/grafana/provisioning"
        GF_DASHBOARDS_MIN_REFRESH_INTERVAL = "10s"
      }
      files = merge(
        {
          "/etc/grafana/provisioning/datasources/homelab.yml" = local.datasources_yml
          "/etc/grafana/provisioning/dashboards/homelab.yml"  = local.dashboards_yml
        },
        { for name, json in local.dashboards : "/etc/grafana/dashboards/${name}.json" => json },
      )
      secrets     = { grafana = "grafana" }
      data        = { "/var/lib/grafana" = true }
      healthcheck = { test = ["curl", "-fsS", "-o", "/dev/null", "http://127.0.0.1:3000/api/health"], start_period = "120s" }
      web         = { port = 3000 }
      memory      = "512m"
    }

    # https://github.com/louislam/uptime-kuma/wiki; its image has a health check.
    uptime-kuma = {
      about        = "Is it up?"
      environment  = { UPTIME_KUMA_DB_TYPE = "sqlite" }
      user         = { uid = 0, gid = 0 }
      capabilities = ["NET_RAW"] # ping
      data         = { "/app/data" = true }
      web          = { port = 3001 }
      memory       = "512m"
      networks     = local.targets
    }

    # https://glances.readthedocs.io/en/latest/docker.html
    glances = {
      about       = "The node, live"
      environment = { GLANCES_OPT = "-w --disable-check-update", DOCKER_HOST = "tcp://engine:2375" }
      user        = { uid = 0, gid = 0 }
      networks    = ["engine"]
      after       = { engine = "service_healthy" }
      mounts      = { "/host/root" = { source = "/", read_only = true } }
      healthcheck = local.wget["61208/"]
      web         = { port = 61208 }
      extra       = { pid = "host" }
    }

    # https://www.beszel.dev/guide/healthchecks
    beszel = {
      about       = "The nodes, over time"
      environment = var.ingress == null ? {} : { APP_URL = "https://${try(coalesce(var.services.beszel.host), "beszel")}.${var.ingress.domain}" }
      data        = { "/beszel_data" = true }
      healthcheck = { test = ["/beszel", "health", "--url", "http://127.0.0.1:8090"], interval = "60s" }
      web         = { port = 8090 }
    }
    beszel-agent = {
      environment = { KEY = var.beszel_key == null ? "" : var.beszel_key, LISTEN = "45876", DOCKER_HOST = "tcp://engine:2375" }
      networks    = ["engine"]
      after       = { engine = "service_healthy" }
      data        = { "/var/lib/beszel-agent" = true }
      healthcheck = { test = ["/agent", "health"], interval = "60s" }
    }
  }

  helper_specs = {
    # https://github.com/Tecnativa/docker-socket-proxy: what it lets through is what
    # is named here, and reading only.
    engine = {
      environment = { CONTAINERS = "1", INFO = "1", IMAGES = "1", NETWORKS = "1", POST = "0" }
      user        = { uid = 0, gid = 0 }
      network     = "engine"
      tmpfs       = ["/run", "/tmp"]
      healthcheck = local.wget["2375/_ping"]
      memory      = "64m"
      volumes     = [{ type = "bind", source = var.engine_socket, target = "/var/run/docker.sock", read_only = true, bind = { create_host_path = false } }]
    }

    # A program that asks and a shell, for images that have neither.
    tools = {
      command = ["cp", "/bin/busybox", "/tools/busybox"]
      restart = "no"
      user    = { uid = 0, gid = 0 }
      mounts  = { "/tools" = { source = "tools" } }
      memory  = "32m"
    }
  }

  # Secrets of the node, by what they are for. Those of the storage have the names
  # that it says.
  secrets = merge(
    { for s in values(homelab_secret.grafana) : "grafana" => s.name },
    { for key, secret in var.secrets : key => secret if key == "grafana" ? local.on.grafana : local.on.alertmanager },
    { for kind, user in local.s3 : "s3-${kind}" => user.secret if user != null && local.on[kind] },
  )
}
