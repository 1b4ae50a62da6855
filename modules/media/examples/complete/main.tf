# The media node of a homelab: films in two qualities, series and anime apart,
# downloads behind a VPN, one owner for all files.

terraform {
  required_version = ">= 1.11"

  required_providers {
    homelab = {
      source = "homelab-iac/homelab"
    }
  }
}

provider "homelab" {
  nodes = { helios = { host = "ssh://ops@helios.home.arpa" } }
}

# Committed, encrypted with SOPS.
ephemeral "homelab_sops_file" "vpn" {
  path         = "${path.module}/vpn.enc.yaml"
  key_required = terraform.applying
}

resource "homelab_secret" "wireguard" {
  name  = "wireguard"
  node  = "helios"
  value = ephemeral.homelab_sops_file.vpn.values["private_key"]
}

module "media" {
  source = "../.."

  node        = "helios"
  timezone    = "Europe/Madrid"
  user        = { uid = 2000, gid = 2000 }
  data_root   = "/data"
  config_root = "/opt/appdata"

  services = {
    plex         = { gpu = "intel", publish = 32400 }
    radarr       = {}
    radarr-4k    = { kind = "radarr" }
    sonarr       = {}
    sonarr-anime = { kind = "sonarr" }
    prowlarr     = {}
    flaresolverr = {}
    bazarr       = {}
    seerr        = {}
    tautulli     = {}
    qbittorrent  = { vpn = true }
    qbitrr       = {}
  }

  vpn = {
    provider    = "mullvad"
    secrets     = { wireguard_private_key = homelab_secret.wireguard.name }
    environment = { WIREGUARD_ADDRESSES = "10.64.222.21/32", SERVER_COUNTRIES = "Sweden" }
  }
}

output "reach" {
  description = "Where the web interfaces are."
  value       = module.media.urls
}
