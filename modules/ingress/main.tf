locals {
  method = try(var.certificate.method, "")
  acme   = contains(["dns", "http"], local.method)
  own    = local.method == "own"

  # Two homelabs on one node have volumes of their own, as everything in their stacks.
  logs = var.access_log == null ? null : "${var.name}_logs"

  # Files with secrets, by the name of the secret.
  secrets = toset(concat(
    local.own ? ["TLS_KEY"] : [],
    local.method == "dns" ? tolist(var.certificate.credentials) : [],
  ))

  # The password of NGINX Proxy Manager's first user, by the name of its file: one that
  # is made on the node, or the secret of the node that is named.
  passwords = var.kind == "npm" && var.admin_email != null ? { ADMIN_PASSWORD = try(homelab_secret.this["admin"].name, var.passwords["admin"]) } : {}

  served = merge(
    { front = {} },
    { for name in var.networks : name => {} },
  )

  modules = merge(
    { (var.kind) = module.proxy },
    var.kind == "traefik" ? { engine = module.engine[var.kind] } : {},
    var.kind == "nginx" && local.acme ? { certbot = module.certbot[var.kind] } : {},
  )

  # The one mount of the engine's socket: behind the proxy that only lists.
  services = { for name, m in local.modules : name => merge(
    m.service,
    { for key, value in {
      volumes = [{ type = "bind", source = var.engine_socket, target = "/var/run/docker.sock", read_only = true, bind = { create_host_path = false } }]
    } : key => value if name == "engine" },
    { for key, value in { secrets = [for file in keys(local.passwords) : { source = file, target = file }] } : key => value if name == "npm" && length(value) > 0 },
  ) }

  proxy = { traefik = local.traefik, nginx = local.nginx, npm = local.npm }[var.kind]
}

# What the ingress serves joins this network.
resource "homelab_network" "this" {
  node = var.node
  name = var.name
}

module "proxy" {
  source = "../service"

  name              = var.kind
  image             = local.image[var.kind]
  timezone          = var.timezone
  criticality       = "critical"
  user_convention   = local.proxy.user_convention
  entrypoint        = local.proxy.entrypoint
  command           = local.proxy.command
  environment       = local.proxy.environment
  files             = local.proxy.files
  healthcheck       = local.proxy.healthcheck
  stop_grace_period = "30s"

  memory       = "256m"
  cpus         = local.proxy.cpus
  capabilities = local.proxy.capabilities
  read_only    = var.kind != "npm"
  tmpfs        = local.proxy.tmpfs
  mounts       = merge(local.proxy.mounts, local.logs == null || var.kind == "npm" ? {} : { "/var/log/ingress" = { source = "logs" } })
  secrets      = { for name in local.secrets : name => {} }

  networks = merge(local.served, var.kind == "traefik" ? { engine = {} } : {})
  ports = merge(
    {
      http  = { host = var.ports.http, container = 80, host_ip = var.ports.host_ip }
      https = { host = var.ports.https, container = 443, host_ip = var.ports.host_ip }
    },
    var.kind != "npm" ? {} : { admin = { host = var.ports.admin, container = 81, host_ip = var.ports.admin_ip } },
  )
  depends_on_services = var.kind == "traefik" ? { engine = "service_healthy" } : {}
  metrics             = var.kind == "traefik" ? { port = 8082 } : null
}

# docker exec NAME-npm-1 cat /run/secrets/ADMIN_PASSWORD shows it.
resource "homelab_secret" "this" {
  for_each = toset([for name in ["admin"] : name if var.kind == "npm" && var.admin_email != null && !contains(keys(var.passwords), name)])

  node     = var.node
  name     = "${var.name}-${each.key}"
  mode     = "0444" # whoever it is mounted for reads it, whatever its user
  generate = { length = 32 }
}

resource "homelab_stack" "this" {
  name = var.name
  node = var.node
  compose = provider::homelab::compact_yaml(yamlencode({
    services = local.services
    networks = merge(
      { front = { name = homelab_network.this.name, external = true } },
      { for name in var.networks : name => { external = true } },
      var.kind == "traefik" ? { engine = { internal = true } } : {},
    )
    volumes = merge([for m in values(local.modules) : m.volumes]...)
    configs = merge([for m in values(local.modules) : m.configs]...)
    secrets = merge(
      { for name in local.secrets : name => { environment = name } },
      { for file, name in local.passwords : file => { external = true, name = name } },
    )
  }))
  secrets = var.secrets
}
