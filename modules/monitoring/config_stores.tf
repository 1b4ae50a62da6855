# The configuration of what keeps logs, traces and metrics, and of what reads them.
locals {
  # In hours, as all of them understand.
  hours = { for what, r in var.retention : what => parseint(trimsuffix(trimsuffix(trimsuffix(trimsuffix(r, "h"), "d"), "w"), "y"), 10) * { h = 1, d = 24, w = 168, y = 8760 }[substr(r, -1, 1)] }

  loki_yml = yamlencode({
    auth_enabled = false
    server       = { http_listen_port = 3100, log_level = "warn" }
    analytics    = { reporting_enabled = false }
    common = {
      path_prefix        = "/loki"
      replication_factor = 1
      ring               = { kvstore = { store = "inmemory" } }
      storage            = { for kind, s in { s3 = local.loki_s3, filesystem = local.loki_files } : kind => s if(kind == "s3") == (local.s3.loki != null) }
    }
    schema_config = { configs = [{
      from         = "2024-01-01"
      store        = "tsdb"
      object_store = local.s3.loki == null ? "filesystem" : "s3"
      schema       = "v13"
      index        = { prefix = "index_", period = "24h" }
    }] }
    compactor = {
      working_directory    = "/loki/compactor"
      retention_enabled    = true
      delete_request_store = local.s3.loki == null ? "filesystem" : "s3"
    }
    limits_config = { retention_period = "${local.hours.logs}h", allow_structured_metadata = true }
  })
  loki_files = { chunks_directory = "/loki/chunks", rules_directory = "/loki/rules" }
  loki_s3 = try({
    endpoint         = var.storage.endpoint
    insecure         = var.storage.insecure
    region           = var.storage.region
    bucketnames      = local.s3.loki.buckets[0]
    s3forcepathstyle = true
  }, {})

  tempo_yml = yamlencode({
    server       = { http_listen_port = 3200, log_level = "warn" }
    usage_report = { reporting_enabled = false }
    distributor  = { receivers = { otlp = { protocols = { grpc = { endpoint = "0.0.0.0:4317" }, http = { endpoint = "0.0.0.0:4318" } } } } }
    compactor    = { compaction = { block_retention = "${local.hours.traces}h" } }
    storage = { trace = merge(
      { backend = local.s3.tempo == null ? "local" : "s3", wal = { path = "/var/tempo/wal" } },
      try({ s3 = merge(local.store.tempo, { forcepathstyle = true }) }, { local = { path = "/var/tempo/blocks" } }),
    ) }
  })

  # https://grafana.com/docs/mimir/latest/references/reference-architectures/
  mimir_yml = yamlencode({
    target               = "all"
    multitenancy_enabled = false
    usage_stats          = { enabled = false }
    server               = { http_listen_port = 9009, log_level = "warn" }
    common               = { storage = { backend = "s3", s3 = try(local.store.mimir, {}) } }
    blocks_storage       = { storage_prefix = "blocks", tsdb = { dir = "/data/tsdb" }, bucket_store = { sync_dir = "/data/tsdb-sync" } }
    ruler_storage        = { storage_prefix = "ruler" }
    alertmanager_storage = { storage_prefix = "alertmanager" }
    alertmanager         = { data_dir = "/data/alertmanager" }
    ruler                = { rule_path = "/data/ruler" }
    compactor            = { data_dir = "/data/compactor" }
    activity_tracker     = { filepath = "/data/metrics-activity.log" }
    memberlist           = { join_members = local.mimir_members }
    ingester             = { ring = { replication_factor = 3 } }
    store_gateway        = { sharding_ring = { replication_factor = 3 } }
    limits               = { compactor_blocks_retention_period = "${local.hours.long_term}h" }
  })

  # Tempo and Mimir spell it differently; neither is used without a storage.
  store = { for kind, user in local.s3 : kind => merge(
    { endpoint = var.storage.endpoint, insecure = var.storage.insecure, region = var.storage.region },
    { for key in [kind == "mimir" ? "bucket_name" : "bucket"] : key => user.buckets[0] },
  ) if user != null }

  alloy_config = templatefile("${path.module}/files/config.alloy.tftpl", { tempo = local.on.tempo })
}
