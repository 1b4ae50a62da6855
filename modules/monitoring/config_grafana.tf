# What Grafana finds when it starts.
locals {
  datasources_yml = yamlencode({
    apiVersion = 1
    prune      = true
    datasources = [for kind, d in local.datasources : merge(d, { uid = kind, access = "proxy", isDefault = kind == local.default_source })
    if local.on[kind]]
  })
  # The one that dashboards ask.
  default_source = local.on.prometheus ? "prometheus" : "mimir"

  datasources = {
    prometheus   = { name = "Prometheus", type = "prometheus", url = "http://prometheus:9090", jsonData = { timeInterval = "30s" } }
    mimir        = { name = "Mimir", type = "prometheus", url = "http://mimir:9009/prometheus", jsonData = { timeInterval = "30s", prometheusType = "Mimir" } }
    loki         = { name = "Loki", type = "loki", url = "http://loki:3100" }
    alertmanager = { name = "Alertmanager", type = "alertmanager", url = "http://alertmanager:9093", jsonData = { implementation = "prometheus" } }
    tempo = { name = "Tempo", type = "tempo", url = "http://tempo:3200", jsonData = merge(
      { nodeGraph = { enabled = true } },
      local.on.loki ? { tracesToLogsV2 = { datasourceUid = "loki" } } : {},
    ) }
  }

  dashboards_yml = yamlencode({
    apiVersion = 1
    providers = [{
      name            = "homelab"
      type            = "file"
      folder          = "Homelab"
      disableDeletion = true
      allowUiUpdates  = false
      options         = { path = "/etc/grafana/dashboards" }
    }]
  })

  dashboards = merge(
    { for name, needed in { node = local.on.node-exporter, containers = local.on.cadvisor, targets = local.on.prometheus, logs = local.on.loki } :
    name => file("${path.module}/dashboards/${name}.json") if needed },
    var.dashboards,
  )
}
