# qBittorrent alone, behind Gluetun, and twice; Tube Archivist and its secrets.

mock_provider "homelab" {}

variables {
  node      = "helios"
  user      = { uid = 2000, gid = 2000 }
  data_root = "/data"
  ingress   = { kind = "nginx", domain = "home.arpa", network = "proxy" }
}

run "alone" {
  variables {
    services = { qbittorrent = { peer_port = 6881 }, qbittorrent-b = { kind = "qbittorrent", publish = 9000 } }
  }

  assert {
    condition     = yamldecode(homelab_stack.this.compose).services.qbittorrent-b.environment.WEBUI_PORT == "9000" && yamldecode(homelab_stack.this.compose).services.qbittorrent-b.ports[0].target == 9000
    error_message = "qBittorrent wants to be asked on the port that is its own."
  }

  assert {
    condition     = !can(yamldecode(homelab_stack.this.compose).services.gluetun) && !can(yamldecode(homelab_stack.this.compose).services.qbittorrent.network_mode)
    error_message = homelab_stack.this.compose
  }

  assert {
    condition     = toset([for p in yamldecode(homelab_stack.this.compose).services.qbittorrent.ports : "${p.published}/${p.protocol}"]) == toset(["6881/tcp", "6881/udp"])
    error_message = homelab_stack.this.compose
  }
}

run "behind_the_vpn" {
  variables {
    services = { qbittorrent = { vpn = true, publish = 8080 }, radarr = {} }
    vpn = {
      provider         = "mullvad"
      secrets          = { wireguard_private_key = "wg" }
      environment      = { WIREGUARD_ADDRESSES = "10.64.0.2/32" }
      outbound_subnets = ["192.168.1.0/24"]
      input_ports      = [51413]
    }
  }

  assert {
    condition     = yamldecode(homelab_stack.this.compose).services.qbittorrent.network_mode == "service:gluetun" && !can(yamldecode(homelab_stack.this.compose).services.qbittorrent.networks) && !can(yamldecode(homelab_stack.this.compose).services.qbittorrent.ports)
    error_message = homelab_stack.this.compose
  }

  assert {
    condition     = yamldecode(homelab_stack.this.compose).services.qbittorrent.depends_on.gluetun.condition == "service_healthy"
    error_message = "Nothing is downloaded before the tunnel is there."
  }

  assert {
    condition     = strcontains(join(" ", yamldecode(homelab_stack.this.compose).services.qbittorrent.healthcheck.test), "/sys/class/net/tun0")
    error_message = homelab_stack.this.compose
  }

  assert {
    condition     = yamldecode(homelab_stack.this.compose).services.gluetun.devices == ["/dev/net/tun"] && contains(yamldecode(homelab_stack.this.compose).services.gluetun.cap_add, "NET_ADMIN")
    error_message = homelab_stack.this.compose
  }

  assert {
    condition = alltrue([for key, value in {
      VPN_SERVICE_PROVIDER      = "mullvad", VPN_TYPE = "wireguard", WIREGUARD_ADDRESSES = "10.64.0.2/32"
      FIREWALL_OUTBOUND_SUBNETS = "192.168.1.0/24", FIREWALL_VPN_INPUT_PORTS = "51413", HTTP_CONTROL_SERVER_ADDRESS = "127.0.0.1:8000"
    } : yamldecode(homelab_stack.this.compose).services.gluetun.environment[key] == value])
    error_message = jsonencode(yamldecode(homelab_stack.this.compose).services.gluetun.environment)
  }

  assert {
    condition     = yamldecode(homelab_stack.this.compose).services.gluetun.ports[0].published == "8080"
    error_message = homelab_stack.this.compose
  }

  assert {
    condition     = yamldecode(homelab_stack.this.compose).services.gluetun.secrets[0].target == "wireguard_private_key" && yamldecode(homelab_stack.this.compose).secrets["gluetun-wireguard_private_key"].name == "wg"
    error_message = homelab_stack.this.compose
  }

  assert {
    condition     = [for r in output.routes : r.upstream if r.host == "qbittorrent.home.arpa"] == ["http://media-gluetun:8080"] && yamldecode(homelab_stack.this.compose).services.gluetun.networks.proxy.aliases == ["media-gluetun"]
    error_message = jsonencode(output.routes)
  }
}

run "two_behind_the_vpn" {
  variables {
    services = { qbittorrent = { vpn = true }, qbittorrent-b = { kind = "qbittorrent", vpn = true } }
    vpn      = { provider = "mullvad", type = "openvpn", secrets = { openvpn_user = "user", openvpn_password = "password" } }
  }

  assert {
    condition     = [for name in ["qbittorrent", "qbittorrent-b"] : yamldecode(homelab_stack.this.compose).services[name].environment.WEBUI_PORT] == ["8080", "8081"]
    error_message = homelab_stack.this.compose
  }

  assert {
    condition     = [for name in ["qbittorrent", "qbittorrent-b"] : yamldecode(homelab_stack.this.compose).services[name].environment.TORRENTING_PORT] == ["6881", "6882"]
    error_message = homelab_stack.this.compose
  }
}

run "a_vpn_that_nobody_uses" {
  variables {
    services = { qbittorrent = {} }
    vpn      = { provider = "mullvad", secrets = { wireguard_private_key = "wg" } }
  }

  assert {
    condition     = keys(yamldecode(homelab_stack.this.compose).services) == ["qbittorrent"] && length(yamldecode(homelab_stack.this.compose).secrets) == 0
    error_message = homelab_stack.this.compose
  }
}

run "qbitrr_follows_qbittorrent" {
  variables {
    services = { qbittorrent = {}, qbitrr = {} }
  }

  assert {
    condition     = yamldecode(homelab_stack.this.compose).services.qbitrr.depends_on.qbittorrent.condition == "service_started"
    error_message = homelab_stack.this.compose
  }
}

run "tubearchivist_with_generated_passwords" {
  variables {
    services = { tubearchivist = {} }
  }

  assert {
    condition     = keys(yamldecode(homelab_stack.this.compose).services) == ["tubearchivist", "tubearchivist-es", "tubearchivist-redis"]
    error_message = homelab_stack.this.compose
  }

  assert {
    condition     = { for key, s in homelab_secret.generated : key => "${s.name} ${s.uid}" } == { tubearchivist-password = "media-tubearchivist-password 0", tubearchivist-elastic-password = "media-tubearchivist-elastic-password 1000" }
    error_message = jsonencode(keys(homelab_secret.generated))
  }

  assert {
    condition     = !can(regex("PASSWORD", join(" ", [for key in keys(yamldecode(homelab_stack.this.compose).services.tubearchivist.environment) : key])))
    error_message = "No password is in a container's environment."
  }

  assert {
    condition     = yamldecode(homelab_stack.this.compose).services.tubearchivist.environment.TA_HOST == "https://tubearchivist.home.arpa http://tubearchivist:8000"
    error_message = homelab_stack.this.compose
  }

  assert {
    condition     = yamldecode(homelab_stack.this.compose).services.tubearchivist-es.user == "1000:0"
    error_message = homelab_stack.this.compose
  }
}

run "secrets_that_services_read" {
  variables {
    services = { radarr-4k = { kind = "radarr", environment = { FILE__RADARR__AUTH__APIKEY = "/run/secrets/apikey" }, secrets = { apikey = "radarr-4k-key" } } }
  }

  assert {
    condition     = yamldecode(homelab_stack.this.compose).services.radarr-4k.secrets == [{ source = "radarr-4k-apikey", target = "apikey" }] && yamldecode(homelab_stack.this.compose).secrets["radarr-4k-apikey"].name == "radarr-4k-key"
    error_message = homelab_stack.this.compose
  }
}

run "secrets_of_the_callers_own" {
  variables {
    services = { tube = { kind = "tubearchivist" }, plex = {} }
    secrets  = { tube-password = "mine", plex-claim = "claim" }
  }

  assert {
    condition     = keys(homelab_secret.generated) == ["tube-elastic-password"] && yamldecode(homelab_stack.this.compose).secrets.tube-password.name == "mine"
    error_message = homelab_stack.this.compose
  }

  assert {
    condition     = yamldecode(homelab_stack.this.compose).services.plex.environment.FILE__PLEX_CLAIM == "/run/secrets/plex_claim" && yamldecode(homelab_stack.this.compose).secrets.plex-claim.name == "claim"
    error_message = homelab_stack.this.compose
  }
}
