output "networks" {
  description = "The networks by name: `name` on the engine, by which stacks join them as external ones, `zone`, `internal` and the ranges that they have, `subnets`."
  value = { for key, network in homelab_network.this : key => {
    name     = network.name
    zone     = network.zone
    internal = network.internal
    subnets  = network.subnets
  } }
}

output "subnets" {
  description = "The VLANs with containers by name, as `homelab_subnet` has them: `networks[node].name` is what stacks of a node join, `vlan` what providers of switches take."
  value       = homelab_subnet.this
}

output "vlans" {
  description = "All VLANs by name: `vlan_id`, `cidr`, `gateway`, `kind` and the `nodes` whose switch ports carry it."
  value = { for key, subnet in local.subnets : key => {
    vlan_id = subnet.vlan_id
    cidr    = subnet.cidr
    gateway = coalesce(var.vlans[key].gateway, subnet.gateway)
    kind    = local.kinds[key]
    nodes   = sort(local.nodes[key])
  } }
}

output "firewall" {
  description = "What the router does with connections that one VLAN begins to another, for every pair: `from`, `to`, their `vlan` ids and `cidr`s, and `action`, `allow` or `drop`. What is not allowed is dropped."
  value       = local.firewall
}
