locals {
  on = { for kind in ["crowdsec", "fail2ban", "wazuh", "netalertx"] : kind => contains(keys(var.services), kind) }

  # The services by name, and which of `services` each belongs to.
  all = merge(
    { for name in ["crowdsec", "bouncer"] : name => "crowdsec" },
    { for name in ["fail2ban", "netalertx"] : name => name },
    { logs = "fail2ban" },
    { for name in keys(local.wazuh_specs) : name => "wazuh" },
  )
  specs = { for name, spec in merge(local.crowdsec_specs, local.logs_specs, local.fail2ban_specs, local.wazuh_specs) : name => merge(spec, { part = local.all[name] }) if local.on[local.all[name]] }
  image = merge(local.images, var.images)

  # Limits that are asked for are those of a part's main service.
  mains  = { crowdsec = "crowdsec", fail2ban = "fail2ban", netalertx = "netalertx", wazuh = "wazuh-indexer" }
  limits = { for part, main in local.mains : main => try(var.services[part], null) }
  hosts  = { wazuh-dashboard = try(var.services.wazuh.host, null) }

  # Files of the services: configs of the stack, by service and path.
  files = merge({}, [for name, s in local.specs : {
    for path, content in try(s.files, {}) : "${name}:${path}" => {
      service = name
      path    = path
      config  = "${name}${replace(path, "/[^A-Za-z0-9]+/", "-")}"
      content = content
    }
  }]...)

  # Volumes of others, in which logs are.
  foreign = toset([for name, l in var.logs : l.source if !startswith(l.source, "/")])

  directories = var.data_root == null ? {} : merge([for name, s in local.specs : { for path, what in try(s.data, {}) :
    "${var.data_root}/${name}/${what}" => try(s.user, { uid = 0, gid = 0 })
  }]...)

  # Secrets of the node, by what they are for: generated ones, and those of others.
  needed  = concat(local.on.crowdsec ? ["bouncer"] : [], local.on.wazuh ? ["wazuh", "wazuh-api", "wazuh-dashboard"] : [])
  secrets = merge({ for name, s in homelab_secret.this : name => s.name }, { for name in local.needed : name => var.secrets[name] if can(var.secrets[name]) })
}

# Nobody knows these: they are made on the node. Wazuh asks for one of each kind of
# characters.
resource "homelab_secret" "this" {
  for_each = setsubtract(local.needed, keys(var.secrets))

  node     = var.node
  name     = "${var.name}-${each.key}"
  mode     = "0444" # whoever it is mounted for reads it, whatever its user
  generate = startswith(each.key, "wazuh") ? { length = 32, special = true, min_upper = 1, min_lower = 1, min_digits = 1, min_special = 1, exclude = "\"'$&!`\\<>" } : { length = 40 }
}

resource "homelab_node" "this" {
  for_each = var.data_root == null ? {} : { data = var.node }

  name        = each.value
  directories = { for path, user in local.directories : path => { uid = user.uid, gid = user.gid, mode = "0750" } }
}

module "service" {
  source   = "../service"
  for_each = local.specs

  name     = each.key
  image    = local.image[try(each.value.image, each.key)]
  user     = try(each.value.user, null)
  timezone = var.timezone

  entrypoint   = try(each.value.entrypoint, null)
  command      = try(each.value.command, null)
  environment  = try(each.value.environment, {})
  restart      = try(each.value.restart, "unless-stopped")
  memory       = coalesce(try(local.limits[each.key].memory, null), try(each.value.memory, "256m"))
  cpus         = coalesce(try(local.limits[each.key].cpus, null), try(each.value.cpus, 1))
  pids         = try(each.value.pids, 1024)
  read_only    = try(each.value.read_only, true)
  capabilities = try(each.value.capabilities, [])
  healthcheck  = try(each.value.healthcheck, null)
  network_mode = try(each.value.network_mode, null)
  networks = can(each.value.network_mode) ? {} : merge(
    { security = { aliases = try([each.value.host], []) } },
    try(each.value.proxied, false) && var.ingress != null ? { (try(var.ingress.network, "")) = { aliases = [local.bouncer] } } : {},
  )
  mounts = merge(
    try(each.value.mounts, {}),
    { for path, what in try(each.value.data, {}) : path => { source = var.data_root == null ? "${each.key}-${what}" : "${var.data_root}/${each.key}/${what}" } },
    { for log in try(each.value.logs, []) : "/logs/${log}" => { source = var.logs[log].source, read_only = true } },
  )
  depends_on_services = try(each.value.after, {})
  ports               = try(each.value.ports, {})
  labels              = try(each.value.labels, {})
  criticality         = "high"

  ingress   = var.ingress
  sso       = var.sso
  web       = try(merge(each.value.web, { host = try(coalesce(local.hosts[each.key]), "wazuh") }), null)
  metrics   = try({ port = each.value.metrics }, null)
  dashboard = try({ group = "Security", icon = each.key, description = each.value.about }, null)
}

resource "homelab_stack" "this" {
  name = var.name
  node = var.data_root == null ? var.node : homelab_node.this["data"].name

  compose = provider::homelab::compact_yaml(yamlencode({
    services = { for name, s in local.specs : name => merge(
      module.service[name].service,
      try(s.extra, {}),
      length(try(s.secrets, {})) == 0 ? {} : { secrets = [for file, secret in s.secrets : { source = secret, target = file }] },
      length(try(s.files, {})) == 0 ? {} : { configs = [for f in values(local.files) : { source = f.config, target = f.path } if f.service == name] },
    ) }
    networks = merge(
      { security = {} },
      var.ingress == null ? {} : { (var.ingress.network) = { external = true } },
    )
    volumes = merge(merge([for s in values(module.service) : s.volumes]...), { for v in local.foreign : v => { external = true } })
    configs = { for f in values(local.files) : f.config => { content = replace(f.content, "$", "$$") } }
    secrets = { for name, secret in local.secrets : name => { external = true, name = secret } }
  }))
}
