variable "services" {
  description = <<-TEXT
    Which services to run, by name. The name is the kind, or `kind` says it, so that a
    kind can run more than once: plex, radarr, sonarr, lidarr, bazarr, readarr, prowlarr,
    mylar3, tubearchivist, tautulli, overseerr, seerr, profilarr, maintainerr,
    flaresolverr, qbittorrent, qbitrr. `library` is the directory below the media that
    is made for it (`movies`, and for another Radarr, `radarr-4k`, `movies-4k`); `gpu` (Plex: `intel` for QuickSync, `amd`, `nvidia`) transcodes;
    `vpn` (qBittorrent) puts it behind Gluetun; `host` and `sso` are as the ingress
    offers it; `publish` is a port of the node, on `host_ip`; `peer_port` is a port of
    the node for a qBittorrent's peers.
  TEXT
  type = map(object({
    kind        = optional(string)
    library     = optional(string)
    gpu         = optional(string)
    vpn         = optional(bool, false)
    host        = optional(string)
    sso         = optional(bool)
    publish     = optional(number)
    host_ip     = optional(string)
    peer_port   = optional(number)
    memory      = optional(string)
    cpus        = optional(number)
    environment = optional(map(string), {})
    secrets     = optional(map(string), {})
  }))
  nullable = false

  validation {
    condition     = length(var.services) > 0
    error_message = "services names at least one service, as in { radarr = {} }."
  }

  validation {
    condition     = alltrue([for name in keys(var.services) : can(regex("^[a-z0-9]([a-z0-9-]{0,53}[a-z0-9])?$", name)) && name != "gluetun"])
    error_message = "A service's name is 1 to 55 lower-case letters, digits and hyphens, no hyphen at either end, and not gluetun."
  }

  validation {
    condition     = alltrue([for name, s in var.services : contains(keys(local.kinds), coalesce(s.kind, name))])
    error_message = "A service's name is a kind, or kind says it: ${join(", ", keys(local.kinds))}."
  }

  validation {
    condition     = alltrue([for name, s in var.services : s.gpu == null ? true : contains(["intel", "amd", "nvidia"], s.gpu) && coalesce(s.kind, name) == "plex"])
    error_message = "gpu is intel, amd or nvidia, and for Plex only."
  }

  validation {
    condition     = alltrue([for name, s in var.services : !s.vpn || coalesce(s.kind, name) == "qbittorrent"])
    error_message = "vpn is for qBittorrent only."
  }

  validation {
    condition     = alltrue([for name, s in var.services : s.library == null ? true : can(regex("^[A-Za-z0-9][A-Za-z0-9 ._-]*$", s.library))])
    error_message = "library is a directory's name, without slashes."
  }

  validation {
    condition     = alltrue([for s in values(var.services) : alltrue([for p in [s.publish, s.peer_port] : p == null ? true : p >= 1 && p <= 65535 && p == floor(p)])])
    error_message = "publish and peer_port are ports: whole numbers from 1 to 65535."
  }

  validation {
    condition     = alltrue([for name, s in var.services : s.peer_port == null ? true : coalesce(s.kind, name) == "qbittorrent" && !s.vpn])
    error_message = "peer_port is for a qBittorrent that is not behind the VPN; there, vpn.input_ports are what its provider forwards."
  }

  validation {
    condition     = length(distinct([for s in values(var.services) : s.publish if s.publish != null])) == length([for s in values(var.services) : s.publish if s.publish != null])
    error_message = "Each service publishes another port of the node."
  }

  validation {
    condition = length(distinct([for i, name in sort([for name, s in var.services : name if s.vpn]) : coalesce(var.services[name].publish, 8080 + i)])) == length([
    for s in values(var.services) : s if s.vpn])
    error_message = "Services behind the VPN share one network: each publishes another port, and none 8080 and up, which are taken by those that publish none."
  }

  validation {
    condition     = alltrue([for s in values(var.services) : (s.memory == null ? true : can(regex("^[1-9][0-9]*[kmg]b?$", s.memory))) && (s.cpus == null ? true : s.cpus > 0)])
    error_message = "memory of a service is a size, as in 2g; cpus is more than 0."
  }

  validation {
    condition     = alltrue([for s in values(var.services) : s.host == null ? true : can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", s.host))])
    error_message = "host is a host name without a domain: 1 to 63 lower-case letters, digits and hyphens, no hyphen at either end."
  }

  validation {
    condition     = alltrue([for s in values(var.services) : alltrue([for key in keys(s.environment) : startswith(key, "FILE__") || !can(regex("(PASSWORD|TOKEN|CLAIM|APIKEY|API_KEY|SECRET)$", key))])])
    error_message = "environment of a service has no secrets: name a homelab_secret in its secrets, and its file in FILE__ and the setting's name."
  }

  validation {
    condition     = alltrue([for s in values(var.services) : alltrue([for file in keys(s.secrets) : can(regex("^[A-Za-z0-9][A-Za-z0-9._-]*$", file))])])
    error_message = "A key of a service's secrets is the name of a file below /run/secrets, without slashes."
  }

  validation {
    condition     = length(distinct([for name, s in var.services : coalesce(s.host, name)])) == length(var.services)
    error_message = "Each service has another host: it is its own name where it names none."
  }

  validation {
    condition     = alltrue([for s in values(var.services) : s.host_ip == null ? true : s.publish != null && can(cidrhost("${s.host_ip}/32", 0))])
    error_message = "host_ip is an IPv4 address of the node, and goes with publish."
  }
}

variable "vpn" {
  description = <<-TEXT
    The VPN for services with `vpn = true`: Gluetun's `provider` and `type` (`wireguard`
    or `openvpn`), further settings as its `environment`, and `secrets`, the names of
    `homelab_secret`s of the node by Gluetun's file: `wireguard_private_key`,
    `wireguard_preshared_key`, `wireguard_addresses`, `wg0.conf`; `openvpn_user`,
    `openvpn_password`, `openvpn_clientkey`, `openvpn_clientcrt`. `outbound_subnets` are
    networks that may be reached without the VPN, `input_ports` what the provider
    forwards.
  TEXT
  type = object({
    provider         = string
    type             = optional(string, "wireguard")
    environment      = optional(map(string), {})
    secrets          = map(string)
    outbound_subnets = optional(list(string), [])
    input_ports      = optional(list(number), [])
  })
  default = null

  validation {
    condition     = var.vpn != null || !anytrue([for s in values(var.services) : s.vpn])
    error_message = "vpn is needed by a service with vpn = true: it says which provider to use, and its secrets."
  }

  validation {
    condition     = var.vpn == null ? true : can(regex("^[a-z][a-z0-9. ]*$", var.vpn.provider))
    error_message = "vpn.provider is a name that Gluetun knows, in lower case, as in mullvad or \"private internet access\"; custom is one that it does not."
  }

  validation {
    condition     = var.vpn == null ? true : contains(["wireguard", "openvpn"], var.vpn.type)
    error_message = "vpn.type is wireguard or openvpn."
  }

  validation {
    condition = var.vpn == null ? true : alltrue([for file in keys(var.vpn.secrets) : contains(lookup({
      wireguard = ["wireguard_private_key", "wireguard_preshared_key", "wireguard_addresses", "wg0.conf"]
      openvpn   = ["openvpn_user", "openvpn_password", "openvpn_clientkey", "openvpn_clientcrt"]
    }, var.vpn.type, []), file)]) && length(var.vpn.secrets) > 0
    error_message = "vpn.secrets has the secrets of its type: wireguard_private_key, wireguard_preshared_key, wireguard_addresses and wg0.conf; or openvpn_user, openvpn_password, openvpn_clientkey and openvpn_clientcrt."
  }

  validation {
    condition     = var.vpn == null ? true : !anytrue([for name in keys(var.vpn.environment) : can(regex("(PRIVATE_KEY|PRESHARED_KEY|PASSWORD)$", name)) || startswith(name, "FIREWALL_ENABLED")])
    error_message = "vpn.environment has neither secrets, which go into vpn.secrets, nor FIREWALL_ENABLED…: the firewall is what keeps downloads inside the VPN."
  }

  validation {
    condition     = var.vpn == null ? true : alltrue([for s in var.vpn.outbound_subnets : can(cidrhost(s, 0))])
    error_message = "vpn.outbound_subnets are ranges, as in 192.168.1.0/24."
  }

  validation {
    condition     = var.vpn == null ? true : alltrue([for p in var.vpn.input_ports : p >= 1 && p <= 65535 && p == floor(p)])
    error_message = "vpn.input_ports are ports: whole numbers from 1 to 65535."
  }
}
