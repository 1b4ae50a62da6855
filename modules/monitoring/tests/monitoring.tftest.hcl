mock_provider "homelab" {}

variables {
  passwords = { grafana = "g", s3-loki = "l", s3-tempo = "t", s3-mimir = "m" }
  services = {
    prometheus = {}, alertmanager = {}, node-exporter = {}, cadvisor = {}, grafana = {}, loki = {}, tempo = {}, mimir = {}, alloy = {}, uptime-kuma = {}, glances = {}, beszel = {}
  }
  storage = {
    endpoint = "minio:9000", insecure = true, network = "storage_s3"
    users = { for n in ["loki", "tempo", "mimir"] : n => { access_key = n, secret = "storage-${n}", buckets = [n] } }
  }
}

run "defaults" {
  command = plan

  assert {
    condition     = output.services["grafana"] == null
    error_message = homelab_stack.this.compose
  }
}
