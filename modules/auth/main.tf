resource "homelab_node" "this" {
  name = var.node
  directories = merge(
    var.kind == "authelia" ? { "${local.configs}/authelia" = { uid = var.user.uid, gid = var.user.gid, mode = "0700" } } : {},
    var.kind == "authentik" && var.data_root != null ? {
      "${var.data_root}/postgresql" = { uid = 999, gid = 999, mode = "0700" }
      "${var.data_root}/redis"      = { uid = 999, gid = 999, mode = "0700" }
    } : {},
  )
}

module "service" {
  source   = "../service"
  for_each = local.all

  name                = each.key
  image               = each.value.image
  user                = each.value.user
  timezone            = var.timezone
  environment         = each.value.environment
  command             = each.value.command
  entrypoint          = each.value.entrypoint
  healthcheck         = each.value.healthcheck
  depends_on_services = each.value.depends_on
  stop_grace_period   = each.value.grace

  mounts   = each.value.mounts
  files    = each.value.files
  secrets  = each.value.secrets
  networks = each.value.networks
  ingress  = var.ingress
  web      = each.value.web
  metrics  = each.value.metrics
  labels   = each.value.labels

  memory      = each.value.memory
  cpus        = each.value.cpus
  read_only   = each.value.read_only
  tmpfs       = each.value.tmpfs
  criticality = each.value.criticality
}

resource "homelab_stack" "this" {
  name = var.name
  node = homelab_node.this.name # and so after its directories

  compose = provider::homelab::compact_yaml(yamlencode({
    # A homelab_secret is one file, and has its owner and mode itself.
    services = { for name, s in module.service : name => merge(s.service, {
      secrets = [for file in try(s.service.secrets, []) : { source = file.source, target = file.target }]
    }) }
    # Only the database's clients are on its network, and nothing there gets out.
    networks = merge(concat([for s in module.service : s.networks], var.kind == "authentik" ? [{ data = { internal = true } }] : [])...)
    volumes  = merge([for s in module.service : s.volumes]...)
    configs  = merge([for s in module.service : s.configs]...)
    secrets  = { for name, secret in local.named : name => { external = true, name = secret } }
  }))
}
