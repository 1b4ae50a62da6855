locals {
  subnets = provider::homelab::site_subnets("10.0.0.0/16", {
    servers = 20                                      # 10.0.20.0/24
    iot     = 30                                      # 10.0.30.0/24
    guests  = { vlan_id = 40, prefix_length = 22 }    # 10.0.40.0/22
    backup  = { vlan_id = 276, cidr = "10.0.0.0/24" } # 276 would be in 20's place
  })
}

resource "homelab_network" "servers" {
  name   = "servers"
  driver = "macvlan"
  parent = "eth0.${local.subnets.servers.vlan_id}"
  ipam   = [{ subnet = local.subnets.servers.cidr, gateway = local.subnets.servers.gateway }]
}
