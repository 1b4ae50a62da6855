# VLAN 20 on two nodes: each makes eth0.20 (or enp3s0.20) and hands out a range of
# its own. The router keeps .100 to .199 for DHCP.
resource "homelab_subnet" "servers" {
  name     = "servers"
  vlan_id  = 20
  cidr     = "10.0.20.0/24"
  gateway  = "10.0.20.1"
  reserved = ["10.0.20.100-10.0.20.199"]

  attachments = {
    atlas  = { parent = "eth0" }
    helios = { parent = "enp3s0", size = 16 }
  }

  addresses = {
    plex = { node = "helios", ipv4 = "10.0.20.210" }
  }
}

# A stack joins the subnet's network on its node.
resource "homelab_stack" "plex" {
  name = "plex"
  node = "helios"
  compose = yamlencode({
    services = {
      plex = {
        image    = "plexinc/pms-docker:1.41.0"
        networks = { servers = { ipv4_address = homelab_subnet.servers.addresses["plex"].ipv4 } }
      }
    }
    networks = {
      servers = { external = true, name = homelab_subnet.servers.networks["helios"].name }
    }
  })
}

# What a switch's or firewall's provider needs to know of the VLAN.
output "servers_vlan" {
  value = homelab_subnet.servers.vlan
}
