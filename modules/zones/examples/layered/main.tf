# Networks in zones on one node, and the VLANs of two.
terraform {
  required_version = ">= 1.11"

  required_providers {
    homelab = {
      source = "homelab-iac/homelab"
    }
  }
}

provider "homelab" {
  nodes = {
    atlas     = { host = "ssh://ops@atlas.home.arpa" }
    overwatch = { host = "ssh://pi@overwatch.home.arpa" }
  }
}

module "zones" {
  source = "../.."
  node   = "atlas"

  networks = {
    proxy    = { zone = "external", cidr = "172.20.0.0/24" }
    metrics  = { zone = "service", cidr = "172.21.0.0/24" }
    database = { zone = "data", cidr = "172.22.0.0/24" }
  }

  site = "10.0.0.0/16"
  vlans = {
    servers = { vlan_id = 20, reserved = ["10.0.20.100-10.0.20.199"] }
    iot     = { vlan_id = 30, nodes = ["atlas"] }
  }
  attachments = {
    overwatch = { parent = "eth0" }
    atlas     = { parent = "ens18" }
  }
}

resource "homelab_stack" "database" {
  name = "database"
  node = "atlas"

  compose = yamlencode({
    services = { postgres = { image = "postgres:17.6", networks = ["database"] } }
    networks = { database = { external = true, name = module.zones.networks["database"].name } }
  })
}
