locals {
  kind_specs = merge(local.metrics_specs, local.store_specs, local.status_specs, local.helper_specs)

  # https://prometheus.io/docs/prometheus/latest/installation/ and the images of
  # the other programs of Prometheus: BusyBox's wget, user nobody.
  metrics_specs = {
    prometheus = {
      about = "Metrics and alerts"
      command = [
        "--config.file=/etc/prometheus/prometheus.yml",
        "--storage.tsdb.path=/prometheus",
        "--storage.tsdb.retention.time=${var.retention.metrics}",
        "--web.listen-address=:9090",
        "--web.external-url=${local.external.prometheus}",
        "--web.route-prefix=/",
      ]
      files = {
        "/etc/prometheus/prometheus.yml"    = local.prometheus_yml
        "/etc/prometheus/rules/homelab.yml" = file("${path.module}/rules/homelab.yml")
        "/etc/prometheus/rules/alerts.yml"  = local.alerts_yml
      }
      data        = { "/prometheus" = true }
      healthcheck = local.wget["9090/-/ready"]
      web         = { port = 9090 }
      memory      = "1g"
      networks    = local.targets
    }

    alertmanager = {
      about = "Alerts sent on"
      command = [
        "--config.file=/etc/alertmanager/alertmanager.yml",
        "--storage.path=/alertmanager",
        "--web.external-url=${local.external.alertmanager}",
        "--web.route-prefix=/",
        "--cluster.listen-address=", # one instance: no gossip
      ]
      files       = { "/etc/alertmanager/alertmanager.yml" = local.alertmanager_yml }
      data        = { "/alertmanager" = true }
      secrets     = { for key in local.secret_webhooks : key => key }
      healthcheck = local.wget["9093/-/ready"]
      web         = { port = 9093 }
    }

    # In a network namespace of its own, so that nothing of it is on the node's
    # addresses; of network interfaces it sees its own only.
    node-exporter = {
      command = [
        "--path.procfs=/host/proc",
        "--path.sysfs=/host/sys",
        "--path.rootfs=/host/root",
        "--collector.filesystem.mount-points-exclude=^/(dev|proc|run|sys|var/lib/docker/.+)($|/)",
      ]
      mounts = {
        "/host/proc" = { source = "/proc", read_only = true }
        "/host/sys"  = { source = "/sys", read_only = true }
        "/host/root" = { source = "/", read_only = true }
      }
      healthcheck = local.wget["9100/"]
      extra       = { pid = "host" }
    }

    # Its image has a health check of its own. It learns names from the engine
    # through the proxy, and the rest from the kernel.
    cadvisor = {
      command  = ["--docker_only=true", "--store_container_labels=false", "--housekeeping_interval=30s", "--docker=tcp://engine:2375"]
      networks = ["engine"]
      after    = { engine = "service_healthy" }
      user     = { uid = 0, gid = 0 }
      mounts = {
        "/rootfs"         = { source = "/", read_only = true }
        "/sys"            = { source = "/sys", read_only = true }
        "/var/lib/docker" = { source = "/var/lib/docker", read_only = true }
      }
      memory = "512m"
    }

    blackbox = {
      command     = ["--config.file=/etc/blackbox_exporter/config.yml"]
      files       = { "/etc/blackbox_exporter/config.yml" = local.blackbox_yml }
      healthcheck = local.wget["9115/-/healthy"]
      networks    = local.targets
    }
  }

  # Health checks of images that have wget, by port and path.
  wget = { for at in ["9090/-/ready", "9093/-/ready", "9100/", "9115/-/healthy", "2375/_ping", "61208/"] :
    at => { test = ["wget", "-q", "-O", "/dev/null", "http://127.0.0.1:${at}"] }
  }
  # And of those that have nothing, not even a shell: with the program that the
  # service `tools` puts beside theirs.
  probe = { for at in ["3200/ready", "9009/ready", "12345/-/ready"] :
    at => { test = ["/tools/busybox", "wget", "-q", "-O", "/dev/null", "http://127.0.0.1:${at}"], start_period = "90s" }
  }

  external = { for kind, port in { prometheus = 9090, alertmanager = 9093, grafana = 3000 } :
    kind => var.ingress == null ? "http://${kind}:${port}" : "https://${try(coalesce(var.services[kind].host), kind)}.${var.ingress.domain}"
  }
}
