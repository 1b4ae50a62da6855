mock_provider "homelab" {}

variables {
  services = {
    prometheus = {}, alertmanager = {}, node-exporter = {}, cadvisor = {}, grafana = {}, loki = {}, tempo = {}
    mimir      = {}, alloy = {}, uptime-kuma = {}, glances = {}, beszel = {}
  }
  storage = {
    endpoint = "minio:9000", insecure = true, network = "storage_s3"
    users    = { for n in ["loki", "tempo", "mimir"] : n => { access_key = n, secret = "storage-${n}", buckets = [n] } }
  }
}

run "all" {
  command = plan

  assert {
    condition     = toset(keys(output.services)) == toset(concat(tolist(setsubtract(keys(var.services), ["mimir"])), ["mimir-1", "mimir-2", "mimir-3", "engine", "tools"]))
    error_message = jsonencode(keys(output.services))
  }

  assert {
    condition     = toset([for s in yamldecode(yamldecode(homelab_stack.this.compose).configs.prometheus-etc-prometheus-prometheus-yml.content).scrape_configs : s.job_name]) == toset(["prometheus", "alertmanager", "node-exporter", "cadvisor", "grafana", "loki", "tempo", "mimir", "alloy"])
    error_message = "Prometheus scrapes what runs."
  }

  assert {
    condition     = yamldecode(yamldecode(homelab_stack.this.compose).configs.mimir-1-etc-mimir-config-yml.content).memberlist.join_members == ["mimir-1", "mimir-2", "mimir-3"] && yamldecode(homelab_stack.this.compose).services.mimir-2.networks.monitoring.aliases == ["mimir"]
    error_message = "Mimir is a cluster of three that answers to one name."
  }

  assert {
    condition = alltrue([
      yamldecode(yamldecode(homelab_stack.this.compose).configs.loki-etc-loki-config-yml.content).common.storage.s3.bucketnames == "loki",
      yamldecode(yamldecode(homelab_stack.this.compose).configs.tempo-etc-tempo-config-yml.content).storage.trace.s3.bucket == "tempo",
      yamldecode(yamldecode(homelab_stack.this.compose).configs.mimir-3-etc-mimir-config-yml.content).common.storage.s3.bucket_name == "mimir",
      yamldecode(homelab_stack.this.compose).secrets.s3-loki == { external = true, name = "storage-loki" },
      yamldecode(homelab_stack.this.compose).networks.storage_s3 == { external = true },
    ])
    error_message = "Loki, Tempo and Mimir keep their data in the storage."
  }

  assert {
    condition     = [for name, s in yamldecode(homelab_stack.this.compose).services : name if strcontains(jsonencode(s), "docker.sock")] == ["engine"] && yamldecode(homelab_stack.this.compose).networks.engine.internal
    error_message = "Only the proxy sees the engine's socket."
  }

  assert {
    condition     = length([for s in values(yamldecode(homelab_stack.this.compose).services) : s if can(s.ports)]) == 0
    error_message = "Nothing is published."
  }
}

run "one_by_one" {
  command = plan

  variables {
    services = { prometheus = { memory = "2g", cpus = 3 } }
    storage  = null
  }

  assert {
    condition     = keys(output.services) == ["prometheus"] && length(homelab_secret.grafana) == 0
    error_message = jsonencode(keys(output.services))
  }

  assert {
    condition     = !can(yamldecode(yamldecode(homelab_stack.this.compose).configs.prometheus-etc-prometheus-prometheus-yml.content).alerting) && !can(yamldecode(yamldecode(homelab_stack.this.compose).configs.prometheus-etc-prometheus-prometheus-yml.content).remote_write)
    error_message = "What does not run is not spoken to."
  }

  assert {
    condition     = yamldecode(homelab_stack.this.compose).services.prometheus.deploy.resources.limits.memory == "2g" && yamldecode(homelab_stack.this.compose).services.prometheus.deploy.resources.limits.cpus == "3"
    error_message = homelab_stack.this.compose
  }
}

run "without_storage" {
  command = plan

  variables {
    services = { loki = {}, tempo = {}, grafana = {}, mimir = {} }
    storage = {
      endpoint = "s3.example:443"
      users    = { mimir = { access_key = "m", secret = "m", buckets = ["metrics"] } }
    }
  }

  assert {
    condition     = can(yamldecode(yamldecode(homelab_stack.this.compose).configs.loki-etc-loki-config-yml.content).common.storage.filesystem) && yamldecode(yamldecode(homelab_stack.this.compose).configs.tempo-etc-tempo-config-yml.content).storage.trace.backend == "local"
    error_message = "Without a user of the storage, data stays on the node."
  }

  assert {
    condition     = !can(yamldecode(homelab_stack.this.compose).services.loki.entrypoint) && [for d in yamldecode(yamldecode(homelab_stack.this.compose).configs.grafana-etc-grafana-provisioning-datasources-homelab-yml.content).datasources : d.name if d.isDefault] == ["Mimir"]
    error_message = homelab_stack.this.compose
  }
}

run "probes_scrapes_and_alerts_of_others" {
  command = plan

  variables {
    services       = { prometheus = {}, alertmanager = {} }
    scrape         = [{ job = "traefik", address = "traefik:8082", network = "proxy" }, { job = "zot", address = "zot:5000", scheme = "https" }]
    probes         = [{ name = "nas", address = "https://nas.home.arpa", network = "storage_s3" }]
    networks       = ["media_default"]
    alerts         = { Hot = { expr = "node_hwmon_temp_celsius > 90", summary = "Too hot." } }
    alert_webhooks = { ntfy = "http://ntfy/alerts" }
  }

  assert {
    condition     = toset(keys(yamldecode(homelab_stack.this.compose).services.prometheus.networks)) == toset(["monitoring", "proxy", "storage_s3", "media_default"]) && contains(keys(output.services), "blackbox")
    error_message = homelab_stack.this.compose
  }

  assert {
    condition = [for s in yamldecode(yamldecode(homelab_stack.this.compose).configs.prometheus-etc-prometheus-prometheus-yml.content).scrape_configs : s.static_configs if contains(["zot", "probe"], s.job_name)] == [
      [{ targets = ["zot:5000"], labels = { __metrics_path__ = "/metrics", __scheme__ = "https" } }],
      [{ targets = ["https://nas.home.arpa"], labels = { probe = "nas" } }],
    ]
    error_message = yamldecode(homelab_stack.this.compose).configs.prometheus-etc-prometheus-prometheus-yml.content
  }

  assert {
    condition     = yamldecode(yamldecode(homelab_stack.this.compose).configs.prometheus-etc-prometheus-rules-alerts-yml.content).groups[0].rules[0].alert == "Hot" && yamldecode(yamldecode(homelab_stack.this.compose).configs.alertmanager-etc-alertmanager-alertmanager-yml.content).receivers[0].webhook_configs[0].url == "http://ntfy/alerts"
    error_message = homelab_stack.this.compose
  }
}

run "an_address_with_a_token_is_a_file" {
  command = plan

  variables {
    services = { prometheus = {}, alertmanager = {} }
    secrets  = { webhook-chat = "chat-address" }
  }

  assert {
    condition     = yamldecode(yamldecode(homelab_stack.this.compose).configs.alertmanager-etc-alertmanager-alertmanager-yml.content).receivers[0].webhook_configs[0] == { url_file = "/run/secrets/webhook-chat" }
    error_message = homelab_stack.this.compose
  }

  assert {
    condition     = yamldecode(homelab_stack.this.compose).services.alertmanager.secrets == [{ source = "webhook-chat", target = "webhook-chat" }] && yamldecode(homelab_stack.this.compose).secrets.webhook-chat.name == "chat-address"
    error_message = homelab_stack.this.compose
  }
}

run "published_and_on_a_data_root" {
  command = plan

  variables {
    name       = "watch"
    node       = "atlas"
    user       = { uid = 2000, gid = 2000 }
    data_root  = "/mnt/data"
    ingress    = { kind = "traefik", domain = "home.arpa", network = "proxy" }
    services   = { grafana = { host = "graphs" }, tempo = {}, uptime-kuma = {}, beszel = {}, beszel-agent = {} }
    otlp       = "10.0.2.20"
    beszel_key = "ssh-ed25519 AAAA"
    secrets    = { grafana = "my-grafana" }
    dashboards = { mine = jsonencode({ title = "Mine" }) }
  }

  assert {
    condition     = output.services.grafana == "https://graphs.home.arpa" && yamldecode(homelab_stack.this.compose).services.grafana.environment.GF_SERVER_ROOT_URL == "https://graphs.home.arpa"
    error_message = jsonencode(output.services)
  }

  assert {
    condition     = homelab_node.this["data"].directories["/mnt/data/grafana"].uid == 2000 && homelab_node.this["data"].directories["/mnt/data/uptime-kuma"].uid == 0
    error_message = "Each directory belongs to who the service runs as."
  }

  assert {
    condition     = yamldecode(homelab_stack.this.compose).services.tempo.ports[0].host_ip == "10.0.2.20" && yamldecode(homelab_stack.this.compose).secrets.grafana.name == "my-grafana" && can(yamldecode(homelab_stack.this.compose).configs.grafana-etc-grafana-dashboards-mine-json)
    error_message = homelab_stack.this.compose
  }
}
