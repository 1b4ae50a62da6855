# What runs unless `images` says otherwise. Renovate raises the versions.
locals {
  images = {
    # renovate: datasource=docker depName=prom/prometheus
    prometheus = "prom/prometheus:v3.7.3"
    # renovate: datasource=docker depName=prom/alertmanager
    alertmanager = "prom/alertmanager:v0.29.0"
    # renovate: datasource=docker depName=quay.io/prometheus/node-exporter
    node-exporter = "quay.io/prometheus/node-exporter:v1.10.2"
    # renovate: datasource=docker depName=gcr.io/cadvisor/cadvisor
    cadvisor = "gcr.io/cadvisor/cadvisor:v0.52.1"
    # renovate: datasource=docker depName=prom/blackbox-exporter
    blackbox = "prom/blackbox-exporter:v0.27.0"
    # renovate: datasource=docker depName=grafana/grafana
    grafana = "grafana/grafana:12.3.0"
    # renovate: datasource=docker depName=grafana/loki
    loki = "grafana/loki:3.7.2"
    # renovate: datasource=docker depName=grafana/tempo
    tempo = "grafana/tempo:2.9.0"
    # renovate: datasource=docker depName=grafana/mimir
    mimir = "grafana/mimir:2.17.2"
    # renovate: datasource=docker depName=grafana/alloy
    alloy = "grafana/alloy:v1.11.3"
    # renovate: datasource=docker depName=louislam/uptime-kuma
    uptime-kuma = "louislam/uptime-kuma:2.0.2"
    # renovate: datasource=docker depName=nicolargo/glances
    glances = "nicolargo/glances:4.3.3"
    # renovate: datasource=docker depName=henrygd/beszel
    beszel = "henrygd/beszel:0.16.1"
    # renovate: datasource=docker depName=henrygd/beszel-agent
    beszel-agent = "henrygd/beszel-agent:0.16.1"
    # renovate: datasource=docker depName=tecnativa/docker-socket-proxy
    engine = "tecnativa/docker-socket-proxy:v0.4.1"
    # renovate: datasource=docker depName=busybox
    tools = "busybox:1.37.0-musl"
  }
}
