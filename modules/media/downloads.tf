# Downloads: qBittorrent, alone or in the network namespace of Gluetun. There it
# has no interface of its own: what Gluetun's firewall does not let out stays in,
# and without Gluetun there is no network at all.
locals {
  behind     = sort([for name, s in var.services : name if s.vpn])
  behind_vpn = { for name in local.behind : name => local.chosen[name] }

  # Two in one namespace cannot listen on the same port.
  peers = { for name, s in local.chosen : name => s.peer_port != null ? s.peer_port : 6881 + try(index(local.behind, name), 0)
  if s.kind == "qbittorrent" }

  published = { for name, s in local.chosen : name => merge(
    s.publish == null ? {} : { (name) = { host = s.publish, container = local.ports[name], host_ip = s.host_ip } },
    s.peer_port == null ? {} : {
      "${name}-peers"     = { host = s.peer_port, container = s.peer_port }
      "${name}-peers-udp" = { host = s.peer_port, container = s.peer_port, protocol = "udp" }
    },
  ) }

  vpn_secrets = try(var.vpn.secrets, {})

  # https://github.com/qdm12/gluetun-wiki/tree/main/setup/options
  vpn_environment = var.vpn == null ? {} : merge(
    {
      VPN_SERVICE_PROVIDER        = var.vpn.provider
      VPN_TYPE                    = var.vpn.type
      HTTP_CONTROL_SERVER_ADDRESS = "127.0.0.1:8000" # it can switch the VPN off
    },
    length(var.vpn.outbound_subnets) == 0 ? {} : { FIREWALL_OUTBOUND_SUBNETS = join(",", var.vpn.outbound_subnets) },
    length(var.vpn.input_ports) == 0 ? {} : { FIREWALL_VPN_INPUT_PORTS = join(",", var.vpn.input_ports) },
    var.vpn.environment,
  )

  vpn = length(local.behind) == 0 ? {} : { gluetun = {
    image        = lookup(var.images, "gluetun", local.images.gluetun)
    user         = null
    convention   = "user"
    environment  = local.vpn_environment
    command      = null
    healthcheck  = null # the image's own, which tries the tunnel
    mounts       = { "/gluetun" = { source = "${local.configs}/gluetun" } }
    secrets      = { for file in keys(local.vpn_secrets) : file => { source = "gluetun-${file}" } }
    depends_on   = {}
    network_mode = null
    networks     = local.proxied ? { default = {}, (var.ingress.network) = { aliases = ["${var.name}-gluetun"] } } : {}
    ports        = merge([for name in local.behind : local.published[name]]...)
    web          = null
    dashboard    = null
    memory       = "512m"
    cpus         = 1
    gpu          = null
    capabilities = ["CHOWN", "NET_ADMIN", "NET_RAW", "SETGID", "SETUID"]
    devices      = ["/dev/net/tun"]
    read_only    = false
    tmpfs        = []
    grace        = "30s"
    criticality  = "high"
  } }

  # What is behind the VPN is reached by Gluetun's address.
  proxied = var.ingress != null && length(local.behind) > 0

  needs = { for name, s in local.chosen : name => merge(
    s.vpn ? { gluetun = "service_healthy" } : {},
    s.kind == "qbitrr" ? { for other, o in local.chosen : other => "service_started" if o.kind == "qbittorrent" } : {},
    s.kind == "tubearchivist" ? { "${name}-es" = "service_healthy", "${name}-redis" = "service_healthy" } : {},
  ) }
}
