locals {
  pihole  = var.kind == "pihole"
  syncing = length(var.replicas) > 0

  # Files with secrets. The password of Pi-hole's interface is one that is made on the
  # node, or the secret of the node that is named.
  secrets = {
    pihole  = { WEB_PASSWORD = { external = true, name = try(homelab_secret.this["web"].name, var.passwords["web"], null) } }
    adguard = { PASSWORD_HASH = { environment = "PASSWORD_HASH" } }
  }[var.kind]

  modules = merge(
    { (var.kind) = module.filter },
    local.pihole ? { unbound = module.unbound["unbound"] } : {},
    local.syncing ? { sync = module.sync["sync"] } : {},
  )

  # A value that only a variable can carry: its interpolation is the stack's.
  passwords = local.syncing ? merge(
    { ORIGIN_PASSWORD = "$${WEB_PASSWORD}" },
    { for i, url in var.replicas : "REPLICA${i + 1}_PASSWORD" => "$${REPLICA_PASSWORD}" },
  ) : {}
  services = { for name, m in local.modules : name => merge(
    m.service,
    { for key, value in { environment = merge(m.service.environment, local.passwords) } : key => value if name == "sync" },
    { for key, value in { secrets = [for file in keys(local.secrets) : { source = file, target = file }] } : key => value if name == var.kind },
  ) }

  filter = { pihole = local.pihole_service, adguard = local.adguard_service }[var.kind]

  pihole_service = {
    # https://docs.pi-hole.net/docker/configuration/: all of FTL's settings.
    environment = {
      FTLCONF_dns_upstreams     = "127.0.0.1#5335"
      FTLCONF_dns_listeningMode = "ALL"
      FTLCONF_ntp_ipv4_active   = "false"
      FTLCONF_ntp_ipv6_active   = "false"
      FTLCONF_ntp_sync_active   = "false"
      WEBPASSWORD_FILE          = "WEB_PASSWORD"
    }
    entrypoint  = null
    healthcheck = null # the image's own
    files       = {}
    mounts      = { "/etc/pihole" = { source = "pihole" } }
    # Its start gives files to its user and capabilities to its program.
    capabilities   = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "NET_BIND_SERVICE", "NET_RAW", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_NICE"]
    new_privileges = true
    read_only      = false
    port           = 80
  }

  adguard_service = {
    environment = {}
    # AdGuard Home writes to its configuration: what is declared goes first again at
    # every start, with the hash of the password, which only a file has.
    entrypoint     = ["/bin/sh", "-c", "sed \"s|PASSWORD_HASH|$$(cat /run/secrets/PASSWORD_HASH)|\" /etc/dns/AdGuardHome.yaml >/opt/adguardhome/conf/AdGuardHome.yaml && exec /opt/adguardhome/AdGuardHome --no-check-update -c /opt/adguardhome/conf/AdGuardHome.yaml -w /opt/adguardhome/work"]
    healthcheck    = { test = ["wget", "-q", "-O", "/dev/null", "http://127.0.0.1:3000/login.html"], interval = "10s" }
    files          = { "/etc/dns/AdGuardHome.yaml" = yamlencode(local.adguard_config) }
    mounts         = { "/opt/adguardhome/conf" = { source = "conf" }, "/opt/adguardhome/work" = { source = "work" } }
    capabilities   = ["NET_BIND_SERVICE", "NET_RAW"]
    new_privileges = false
    read_only      = true
    port           = 3000
  }

  # https://github.com/AdguardTeam/AdGuardHome/wiki/Configuration
  adguard_config = {
    schema_version = 28
    http           = { address = "0.0.0.0:3000" }
    users          = [{ name = "admin", password = "PASSWORD_HASH" }]
    dns = {
      bind_hosts       = ["0.0.0.0"]
      port             = 53
      upstream_dns     = [for u in var.upstreams : "tls://${u.name}:${u.port}"]
      bootstrap_dns    = var.upstreams[*].address
      cache_size       = var.cache.megabytes * 1048576
      cache_ttl_min    = var.cache.min_ttl
      cache_optimistic = var.cache.stale
      enable_dnssec    = true
    }
    filtering = {
      protection_enabled = true
      filtering_enabled  = true
      blocking_mode      = "refused"
      rewrites           = [for name, address in merge(var.records, var.rewrites) : { domain = name, answer = address }]
    }
    user_rules = [for name in sort(var.refused) : "||${name}^"]
  }
}

module "filter" {
  source = "../service"

  name           = var.kind
  image          = local.image[var.kind]
  timezone       = var.timezone
  criticality    = "critical"
  environment    = local.filter.environment
  entrypoint     = local.filter.entrypoint
  healthcheck    = local.filter.healthcheck
  files          = local.filter.files
  mounts         = local.filter.mounts
  capabilities   = local.filter.capabilities
  new_privileges = local.filter.new_privileges
  read_only      = local.filter.read_only
  memory         = "512m"

  ports = merge(
    {
      dns     = { host = var.ports.dns, container = 53, host_ip = var.ports.host_ip }
      dns-udp = { host = var.ports.dns, container = 53, host_ip = var.ports.host_ip, protocol = "udp" }
    },
    var.ports.web == null ? {} : { web = { host = var.ports.web, container = local.filter.port, host_ip = var.ports.host_ip } },
  )
  ingress   = var.ingress
  sso       = var.sso
  web       = { port = local.filter.port }
  dashboard = { group = "Network" }
}

# Unbound shares the namespace of Pi-hole, which alone asks it: it listens on the
# loopback interface.
module "unbound" {
  source   = "../service"
  for_each = toset(local.pihole ? ["unbound"] : [])

  name         = "unbound"
  image        = local.image.unbound
  user         = { uid = 101, gid = 102 } # the image's own, so that it starts without privileges
  timezone     = var.timezone
  criticality  = "critical"
  command      = ["-d", "-c", "/etc/dns/unbound.conf"]
  memory       = "${var.cache.megabytes * 3 + 64}m"
  network_mode = "service:pihole"
  healthcheck  = { test = ["drill-hc", "-p", "5335", "@127.0.0.1", "health.unbound"], interval = "10s" }
  files = { "/etc/dns/unbound.conf" = templatefile("${path.module}/templates/unbound.conf.tftpl", {
    cache     = var.cache
    upstreams = var.upstreams
    refused   = sort(var.refused)
    names     = merge(var.records, { for name, address in var.rewrites : name => address if !startswith(name, "*.") && !contains(keys(var.rewrites), "*.${name}") })
    below     = { for name, address in var.rewrites : trimprefix(name, "*.") => address if startswith(name, "*.") }
    reverse   = var.records
    family    = { for a in distinct(concat(values(var.records), values(var.rewrites))) : a => strcontains(a, ":") ? "AAAA" : "A" }
  }) }

  depends_on_services = { pihole = "service_started" }
}

# https://github.com/bakito/adguardhome-sync
module "sync" {
  source   = "../service"
  for_each = toset(local.syncing ? ["sync"] : [])

  name     = "sync"
  image    = local.image.sync
  timezone = var.timezone
  memory   = "128m"
  command  = ["run"]
  environment = merge(
    { ORIGIN_URL = "http://adguard:3000", ORIGIN_USERNAME = "admin", CRON = "*/10 * * * *", RUN_ON_START = "true", API_PORT = "8080" },
    merge([for i, url in var.replicas : { "REPLICA${i + 1}_URL" = url, "REPLICA${i + 1}_USERNAME" = "admin" }]...),
  )
  healthcheck         = { test = ["wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8080/healthz"], interval = "10s" }
  depends_on_services = { adguard = "service_healthy" }
}

# docker exec NAME-pihole-1 cat /run/secrets/WEB_PASSWORD shows it.
resource "homelab_secret" "this" {
  for_each = toset([for name in ["web"] : name if local.pihole && !contains(keys(var.passwords), name)])

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
    networks = module.filter.networks
    volumes  = module.filter.volumes
    configs  = merge([for m in values(local.modules) : m.configs]...)
    secrets  = local.secrets
  }))
  secrets = merge(var.secrets, local.pihole ? {} : { PASSWORD_HASH = var.password_hash })
}
