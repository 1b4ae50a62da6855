# What the module plans. The networks themselves are tested with engines, in
# internal/resources/network.

mock_provider "homelab" {}

# The networks of a homelab with five, in under fifteen lines.
run "five_networks" {
  command = plan

  variables {
    node = "atlas"
    networks = {
      proxy    = { zone = "external", cidr = "172.20.0.0/24" }
      metrics  = { zone = "service", cidr = "172.21.0.0/24" }
      database = { zone = "data", cidr = "172.22.0.0/24" }
      genai    = { zone = "service", cidr = "172.23.0.0/24" }
      auth     = { zone = "service", cidr = "172.24.0.0/24" }
    }
  }

  assert {
    condition = { for key, network in homelab_network.this : key => "${network.node} ${network.zone} ${network.internal} ${network.ipam[0].subnet}" } == {
      proxy    = "atlas external false 172.20.0.0/24"
      metrics  = "atlas service true 172.21.0.0/24"
      database = "atlas data true 172.22.0.0/24"
      genai    = "atlas service true 172.23.0.0/24"
      auth     = "atlas service true 172.24.0.0/24"
    }
    error_message = "The networks are not those of the table."
  }

  assert {
    condition     = output.networks["database"].name == "database" && output.networks["database"].zone == "data" && output.networks["database"].internal
    error_message = "Stacks cannot tell what they join."
  }
}

run "ranges_of_the_engine_and_open_services" {
  command = plan

  variables {
    prefix   = "home-"
    networks = { apps = { zone = "service", internal = false, ipv6_cidr = "fd00:21::/64" }, db = { zone = "data" } }
  }

  assert {
    condition     = !homelab_network.this["apps"].internal && homelab_network.this["apps"].ipam[0].subnet == "fd00:21::/64"
    error_message = "A network of the zone service may reach out where that is asked for."
  }

  assert {
    condition     = homelab_network.this["db"].ipam == null && homelab_network.this["db"].name == "home-db"
    error_message = "Without a range the engine chooses."
  }
}

run "vlans" {
  command = plan

  variables {
    site = "10.0.0.0/16"
    vlans = {
      services = { vlan_id = 2 }
      servers  = { vlan_id = 20, reserved = ["10.0.20.100-10.0.20.199"] }
      cameras  = { vlan_id = 31, kind = "iot", prefix_length = 26, nodes = ["atlas"] }
      guest    = { vlan_id = 40, reaches = ["cameras"], cidr = "10.0.99.0/24", gateway = "10.0.99.254" }
    }
    attachments = { overwatch = { parent = "eth0" }, atlas = { parent = "ens18", size = 16 } }
  }

  assert {
    condition = { for key, vlan in output.vlans : key => "${vlan.vlan_id} ${vlan.cidr} ${vlan.gateway} ${vlan.kind} ${join(",", vlan.nodes)}" } == {
      services = "2 10.0.2.0/24 10.0.2.1 services atlas,overwatch"
      servers  = "20 10.0.20.0/24 10.0.20.1 servers atlas,overwatch"
      cameras  = "31 10.0.31.0/26 10.0.31.1 iot atlas"
      guest    = "40 10.0.99.0/24 10.0.99.254 guest "
    }
    error_message = "The VLANs are not as they were asked for."
  }

  assert {
    condition     = join(",", keys(homelab_subnet.this)) == "cameras,servers,services" && join(",", keys(homelab_subnet.this["cameras"].attachments)) == "atlas"
    error_message = "Nodes are on VLANs that nobody put them on."
  }

  assert {
    condition = [for rule in output.firewall : "${rule.from}(${rule.from_vlan} ${rule.from_cidr}) ${rule.to}" if rule.action == "allow"] == [
      "guest(40 10.0.99.0/24) cameras",
      "servers(20 10.0.20.0/24) cameras",
      "servers(20 10.0.20.0/24) services",
      "services(2 10.0.2.0/24) servers",
    ]
    error_message = "The router allows something else than what each kind may begin."
  }

  assert {
    condition     = length(output.firewall) == 12 && length([for rule in output.firewall : rule if rule.action == "drop"]) == 8
    error_message = "The router is not told of every pair."
  }
}
