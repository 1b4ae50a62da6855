# The only network that the outside reaches.
resource "homelab_network" "proxy" {
  name        = "proxy"
  description = "the reverse proxy and what it serves"
  ipam        = [{ subnet = "172.20.0.0/24" }]
}

# Databases: nothing outside reaches it, and it reaches nothing outside.
resource "homelab_network" "database" {
  name     = "database"
  internal = true
  ipam     = [{ subnet = "172.22.0.0/24", gateway = "172.22.0.1" }]
}

# Containers as hosts of the LAN, with addresses that its DHCP server leaves out.
resource "homelab_network" "lan" {
  node   = "local"
  name   = "lan"
  driver = "macvlan"
  parent = "eth0"
  ipam = [{
    subnet        = "192.168.30.0/24"
    gateway       = "192.168.30.1"
    ip_range      = "192.168.30.192/27"
    aux_addresses = { nas = "192.168.30.200" }
  }]
}

# A stack joins by the name: it is made after the network, and destroyed before.
resource "homelab_stack" "whoami" {
  name = "whoami"
  compose = yamlencode({
    services = { whoami = { image = "traefik/whoami:v1.11", networks = ["proxy"] } }
    networks = { proxy = { external = true, name = homelab_network.proxy.name } }
  })
}
