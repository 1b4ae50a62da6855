# The configuration of what measures and alerts.
locals {
  # Where the services have metrics, at /metrics.
  metrics_ports = {
    prometheus    = 9090
    alertmanager  = 9093
    node-exporter = 9100
    cadvisor      = 8080
    blackbox      = 9115
    grafana       = 3000
    loki          = 3100
    tempo         = 3200
    mimir         = 9009
    alloy         = 12345
  }

  # Targets by job: this stack's own, and what others put out.
  own    = { for name, kind in local.run : kind => "${name}:${local.metrics_ports[kind]}"... if can(local.metrics_ports[kind]) }
  others = { for s in var.scrape : s.job => s... }

  prometheus_yml = yamlencode(merge(
    {
      global = {
        scrape_interval     = "30s"
        evaluation_interval = "30s"
        external_labels     = { homelab = var.name }
      }
      rule_files = ["/etc/prometheus/rules/*.yml"]
      scrape_configs = concat(
        [for job, targets in local.own : {
          job_name       = job
          static_configs = [{ targets = targets }]
        }],
        [for job, targets in local.others : {
          job_name = job
          static_configs = [for t in targets : {
            targets = [t.address]
            labels  = { __metrics_path__ = t.path, __scheme__ = t.scheme }
          }]
        }],
        length(var.probes) == 0 ? [] : [local.probe_job],
      )
    },
    !local.on.alertmanager ? {} : { alerting = { alertmanagers = [{ static_configs = [{ targets = ["alertmanager:9093"] }] }] } },
    !local.on.mimir ? {} : { remote_write = [{ url = "http://mimir:9009/api/v1/push" }] },
  ))

  # https://github.com/prometheus/blackbox_exporter#prometheus-configuration
  probe_job = {
    job_name       = "probe"
    metrics_path   = "/probe"
    params         = { module = ["http"] }
    static_configs = [for p in var.probes : { targets = [p.address], labels = { probe = p.name } }]
    relabel_configs = [
      { source_labels = ["__address__"], target_label = "__param_target" },
      { source_labels = ["__param_target"], target_label = "instance" },
      { target_label = "__address__", replacement = "blackbox:9115" },
    ]
  }

  blackbox_yml = yamlencode({
    modules = { http = {
      prober  = "http"
      timeout = "10s"
      http    = { preferred_ip_protocol = "ip4", follow_redirects = true }
    } }
  })

  alerts_yml = yamlencode({
    groups = length(var.alerts) == 0 ? [] : [{
      name = "alerts"
      rules = [for name, a in var.alerts : {
        alert       = name
        expr        = a.expr
        for         = a.for
        labels      = { severity = a.severity }
        annotations = { summary = a.summary }
      }]
    }]
  })

  # An address that has a token in it is a secret, which Alertmanager reads from a file.
  secret_webhooks = [for key in keys(var.secrets) : key if startswith(key, "webhook-")]
  webhooks = concat(
    [for name, url in var.alert_webhooks : { url = url }],
    [for key in local.secret_webhooks : { url_file = "/run/secrets/${key}" }],
  )

  alertmanager_yml = yamlencode({
    route = {
      receiver        = "homelab"
      group_by        = ["alertname"]
      group_wait      = "30s"
      group_interval  = "5m"
      repeat_interval = "12h"
    }
    receivers = [merge(
      { name = "homelab" },
      length(local.webhooks) == 0 ? {} : { webhook_configs = local.webhooks },
    )]
    # What is down for everybody need not be told for each.
    inhibit_rules = [{
      source_matchers = ["severity = critical"]
      target_matchers = ["severity = warning"]
      equal           = ["instance"]
    }]
  })
}
