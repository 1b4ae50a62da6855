terraform {
  required_providers {
    homelab = { source = "homelab-iac/homelab" }
  }
}

variable "node" { type = string }
variable "homelab" { type = string }
variable "port" { type = number }
variable "images" { type = map(string) }

locals {
  number = var.port / 100 % 200
  outer  = "10.210.${local.number}"
  inner  = "10.99.${local.number}"
  pinned = regex("gluetun = \"([^\"]+)\"", file("${path.module}/../../images.tf"))[0]
}

resource "homelab_network" "front" {
  node = var.node
  name = "${var.homelab}-front"
}

# The provider's end of the VPN, and the internet: on the node itself, which is
# beyond every network of the stack.
resource "homelab_network" "outside" {
  node = var.node
  name = "${var.homelab}-outside"
  ipam = [{ subnet = "${local.outer}.0/24", gateway = "${local.outer}.1" }]
}

resource "homelab_stack" "provider" {
  name = "${var.homelab}-provider"
  node = homelab_network.outside.node
  compose = yamlencode({ services = { provider = {
    image        = local.pinned
    command      = ["provider", "${local.outer}.1", tostring(var.port + 50), "${local.inner}.1/24", "vpn${local.number}"]
    network_mode = "host"
    cap_add      = ["NET_ADMIN"]
    devices      = ["/dev/net/tun"]
    healthcheck  = { test = ["CMD", "wget", "-q", "-O", "/dev/null", "http://127.0.0.1:${var.port + 51}/"], interval = "1s", timeout = "30s" }
  } } })
}

resource "homelab_secret" "wireguard" {
  name     = "${var.homelab}-wireguard"
  node     = var.node
  generate = {}
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
    radarr        = {}
    qbittorrent   = { vpn = true, publish = var.port + 2 }
    qbittorrent-b = { kind = "qbittorrent", vpn = true }
  }

  vpn = {
    provider = "custom"
    secrets  = { wireguard_private_key = homelab_secret.wireguard.name }
    environment = {
      WIREGUARD_ADDRESSES     = "${local.inner}.2/24"
      WIREGUARD_ENDPOINT_IP   = "${local.outer}.1"
      WIREGUARD_ENDPOINT_PORT = tostring(var.port + 50)
      HEALTH_TARGET_ADDRESSES = "${local.inner}.1:${var.port + 51}"
    }
  }

  depends_on = [homelab_stack.provider]
}

output "inside_tunnel" { value = "http://${local.inner}.1:${var.port + 51}/" }
output "address_in_tunnel" { value = "${local.inner}.2" }
output "outside" { value = "http://${local.outer}.1:${var.port + 51}/" }
output "media" { value = module.media }
