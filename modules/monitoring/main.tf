locals {
  # What a caller may ask for; blackbox, engine and tools come when one of these needs them.
  kinds = ["prometheus", "alertmanager", "node-exporter", "cadvisor", "grafana", "loki", "tempo", "mimir", "alloy", "uptime-kuma", "glances", "beszel", "beszel-agent"]

  on = { for kind in local.kinds : kind => contains(keys(var.services), kind) }

  # Which of those that keep data in S3 do: the ones that the storage has a user for.
  s3 = { for kind in ["loki", "tempo", "mimir"] : kind => try(var.storage.users[kind], null) }

  helpers = concat(
    length(var.probes) > 0 && local.on.prometheus ? ["blackbox"] : [],
    local.on.cadvisor || local.on.alloy || local.on.glances || local.on.beszel-agent ? ["engine"] : [],
    local.on.tempo || local.on.mimir || local.on.alloy || (local.on.loki && local.s3.loki != null) ? ["tools"] : [],
  )

  # The services by name. Mimir runs three times.
  run = merge(
    { for kind in keys(var.services) : kind => kind if kind != "mimir" },
    { for helper in local.helpers : helper => helper },
    { for n in local.on.mimir ? local.mimir_members : [] : n => "mimir" },
  )
  specs = { for name, kind in local.run : name => merge(local.kind_specs[kind], { kind = kind }) }

  image = merge(local.images, var.images)

  # Networks of others that services of this stack join.
  foreign = sort(distinct(concat(
    [for n in concat(var.scrape, var.probes) : n.network if n.network != null],
    tolist(var.networks),
    try(var.storage.network, null) == null ? [] : [var.storage.network],
  )))
  targets = sort(distinct(concat([for n in concat(var.scrape, var.probes) : n.network if n.network != null], tolist(var.networks))))

  # Files of the services: configs of the stack, by service and path.
  files = merge({}, [for name, s in local.specs : {
    for path, content in try(s.files, {}) : "${name}:${path}" => {
      service = name
      path    = path
      config  = "${name}${replace(path, "/[^A-Za-z0-9]+/", "-")}"
      content = content
    }
  }]...)
}

module "service" {
  source   = "../service"
  for_each = local.specs

  name     = each.key
  image    = local.image[each.value.kind]
  user     = try(each.value.user, var.user)
  timezone = var.timezone

  entrypoint   = try(each.value.entrypoint, null)
  command      = try(each.value.command, null)
  environment  = try(each.value.environment, {})
  restart      = try(each.value.restart, "unless-stopped")
  memory       = coalesce(try(var.services[each.value.kind].memory, null), try(each.value.memory, "256m"))
  cpus         = coalesce(try(var.services[each.value.kind].cpus, null), try(each.value.cpus, 1))
  pids         = try(each.value.pids, 1024)
  read_only    = try(each.value.read_only, true)
  tmpfs        = try(each.value.tmpfs, ["/tmp"])
  capabilities = try(each.value.capabilities, [])
  healthcheck  = try(each.value.healthcheck, null)
  networks = merge(
    { (try(each.value.network, "monitoring")) = { aliases = try(each.value.aliases, []) } },
    { for n in try(each.value.networks, []) : n => {} },
  )
  mounts = merge(
    try(each.value.mounts, {}),
    { for path, volume in try(each.value.data, {}) : path => { source = var.data_root == null ? each.key : "${var.data_root}/${each.key}" } },
    try(each.value.tools, false) ? { "/tools" = { source = "tools", read_only = true } } : {},
  )
  depends_on_services = merge(try(each.value.after, {}), try(each.value.tools, false) ? { tools = "service_completed_successfully" } : {})
  ports               = try(each.value.ports, {})

  ingress   = var.ingress
  sso       = var.sso
  web       = try(merge(each.value.web, { host = try(coalesce(var.services[each.value.kind].host), each.key) }), null)
  metrics   = try({ port = local.metrics_ports[each.value.kind] }, null)
  dashboard = try({ group = "Monitoring", icon = each.value.kind, description = each.value.about }, null)
}

# Grafana's password is made on the node, where /run/secrets/grafana shows it.
resource "homelab_secret" "grafana" {
  for_each = local.on.grafana && !contains(keys(var.secrets), "grafana") ? { this = "${var.name}-grafana" } : {}

  node     = var.node
  name     = each.value
  mode     = "0444" # whoever it is mounted for reads it, whatever its user
  generate = { length = 40 }
}

resource "homelab_node" "this" {
  for_each = var.data_root == null ? {} : { data = var.node }

  name = each.value
  directories = { for name, s in local.specs : "${var.data_root}/${name}" => {
    uid = try(s.user.uid, var.user.uid), gid = try(s.user.gid, var.user.gid), mode = "0750"
  } if can(s.data) }
}

resource "homelab_stack" "this" {
  name = var.name
  node = var.data_root == null ? var.node : homelab_node.this["data"].name

  compose = provider::homelab::compact_yaml(yamlencode({
    services = { for name, s in local.specs : name => merge(
      module.service[name].service,
      try(s.extra, {}),
      length(try(s.files, {})) == 0 ? {} : { configs = [for f in values(local.files) : { source = f.config, target = f.path } if f.service == name] },
      length(try(s.secrets, {})) == 0 ? {} : { secrets = [for file, secret in s.secrets : { source = secret, target = file }] },
      # The engine's socket is for the proxy alone; the building block refuses it to every service.
      try(s.volumes, null) == null ? {} : { volumes = s.volumes },
    ) }
    networks = merge(
      { monitoring = {} },
      contains(local.helpers, "engine") ? { engine = { internal = true } } : {},
      { for n in concat(local.foreign, var.ingress == null ? [] : [var.ingress.network]) : n => { external = true } },
    )
    volumes = merge([for s in values(module.service) : s.volumes]...)
    configs = { for f in values(local.files) : f.config => { content = replace(f.content, "$", "$$") } }
    secrets = { for name, secret in local.secrets : name => { external = true, name = secret } }
  }))
}
