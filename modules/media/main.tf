resource "homelab_node" "this" {
  name        = var.node
  directories = local.directories
}

module "service" {
  source   = "../service"
  for_each = local.all

  name                = each.key
  image               = each.value.image
  user                = each.value.user
  user_convention     = each.value.convention
  timezone            = var.timezone
  environment         = each.value.environment
  command             = each.value.command
  healthcheck         = each.value.healthcheck
  depends_on_services = each.value.depends_on
  stop_grace_period   = each.value.grace

  mounts       = each.value.mounts
  secrets      = each.value.secrets
  network_mode = each.value.network_mode
  networks     = each.value.networks
  ports        = each.value.ports

  ingress     = var.ingress
  sso         = var.sso
  web         = each.value.web
  dashboard   = each.value.dashboard
  criticality = each.value.criticality

  memory       = each.value.memory
  cpus         = each.value.cpus
  gpu          = each.value.gpu
  capabilities = each.value.capabilities
  devices      = each.value.devices
  read_only    = each.value.read_only
  tmpfs        = each.value.tmpfs
}

resource "homelab_stack" "this" {
  name = var.name
  node = homelab_node.this.name # and so after its directories

  compose = provider::homelab::compact_yaml(yamlencode({
    # A homelab_secret is one file, and has its owner and mode itself.
    services = { for name, s in module.service : name => merge(s.service, { for key, files in {
      secrets = [for file in try(s.service.secrets, []) : { source = file.source, target = file.target }]
    } : key => files if length(files) > 0 }) }
    networks = merge(
      concat([for s in module.service : s.networks], local.proxied ? [{ (var.ingress.network) = { external = true } }] : [])...
    )
    volumes = merge([for s in module.service : s.volumes]...)
    secrets = { for name, secret in local.named : name => { external = true, name = secret } }
  }))
}
