locals {
  # A network of the zone data is always closed; one of the zone service is reached
  # through the ingress, which is on it or on one that its services are on too.
  internal = { for key, network in var.networks : key => network.zone == "data" || network.zone == "service" && network.internal }

  subnets = length(var.vlans) == 0 ? {} : provider::homelab::site_subnets(var.site, {
    for key, vlan in var.vlans : key => { for name, value in {
      vlan_id       = vlan.vlan_id
      cidr          = vlan.cidr
      prefix_length = vlan.cidr == null ? vlan.prefix_length : null
    } : name => value if value != null }
  })

  kinds = { for key, vlan in var.vlans : key => coalesce(vlan.kind, contains(keys(local.reaches), key) ? key : "servers") }

  # Whom each kind of VLAN may begin a connection to. Answers always come back.
  reaches = {
    services = ["services", "servers"]
    servers  = ["services", "servers", "iot"]
    iot      = []
    guest    = []
  }

  # Guests' devices are not containers, so no node is on their VLAN unless it is asked for.
  nodes = { for key, vlan in var.vlans : key => vlan.nodes != null ? vlan.nodes : local.kinds[key] == "guest" ? [] : keys(var.attachments) }

  firewall = [
    for pair in setproduct(sort(keys(var.vlans)), sort(keys(var.vlans))) : {
      from      = pair[0]
      to        = pair[1]
      from_vlan = local.subnets[pair[0]].vlan_id
      to_vlan   = local.subnets[pair[1]].vlan_id
      from_cidr = local.subnets[pair[0]].cidr
      to_cidr   = local.subnets[pair[1]].cidr
      action = contains(
        var.vlans[pair[0]].reaches != null ? var.vlans[pair[0]].reaches : local.reaches[local.kinds[pair[0]]],
        var.vlans[pair[0]].reaches != null ? pair[1] : local.kinds[pair[1]],
      ) ? "allow" : "drop"
    } if pair[0] != pair[1]
  ]
}

resource "homelab_network" "this" {
  for_each = var.networks

  name     = "${var.prefix}${each.key}"
  node     = var.node
  zone     = each.value.zone
  internal = local.internal[each.key]
  ipam = each.value.cidr == null && each.value.ipv6_cidr == null ? null : [
    for cidr in [each.value.cidr, each.value.ipv6_cidr] : { subnet = cidr } if cidr != null
  ]
}

resource "homelab_subnet" "this" {
  for_each = { for key, nodes in local.nodes : key => nodes if length(nodes) > 0 }

  name        = "${var.prefix}${each.key}"
  vlan_id     = local.subnets[each.key].vlan_id
  cidr        = local.subnets[each.key].cidr
  gateway     = coalesce(var.vlans[each.key].gateway, local.subnets[each.key].gateway)
  reserved    = var.vlans[each.key].reserved
  driver      = var.driver
  attachments = { for node in each.value : node => var.attachments[node] }
}
