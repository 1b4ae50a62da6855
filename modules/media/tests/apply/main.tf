terraform {
  required_providers {
    homelab = { source = "homelab-iac/homelab" }
  }
}

variable "node" { type = string }
variable "homelab" { type = string }
variable "port" { type = number }
variable "images" { type = map(string) }

resource "homelab_network" "front" {
  node = var.node
  name = "${var.homelab}-front"
}

module "media" {
  source = "../.."

  node        = var.node
  name        = var.homelab
  timezone    = "Europe/Madrid"
  user        = { uid = 2000, gid = 2001 }
  data_root   = "/data/${var.homelab}"
  config_root = "/srv/${var.homelab}"
  ingress     = { kind = "traefik", domain = "${var.homelab}.home.arpa", network = homelab_network.front.name }
  sso         = { middleware = "auth@docker" }
  images      = var.images

  services = {
    plex          = { publish = var.port }
    radarr        = { publish = var.port + 1 }
    radarr-4k     = { kind = "radarr" }
    sonarr        = {}
    sonarr-anime  = { kind = "sonarr" }
    lidarr        = {}
    bazarr        = {}
    readarr       = {}
    prowlarr      = {}
    mylar3        = {}
    tubearchivist = {}
    tautulli      = {}
    overseerr     = {}
    seerr         = {}
    profilarr     = {}
    maintainerr   = {}
    flaresolverr  = {}
    qbittorrent   = { publish = var.port + 2, peer_port = var.port + 3 }
    qbitrr        = {}
  }
}

output "media" { value = module.media }
