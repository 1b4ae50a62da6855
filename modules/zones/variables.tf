variable "node" {
  description = "Node that has the networks, as in the provider's `nodes`."
  type        = string
  nullable    = false
  default     = "local"
}

variable "prefix" {
  description = "What the names of all networks begin with on the engine."
  type        = string
  nullable    = false
  default     = ""

  validation {
    condition     = can(regex("^([a-zA-Z0-9][a-zA-Z0-9_.-]*)?$", var.prefix))
    error_message = "prefix begins with a letter or digit and has letters, digits, _, . and - only."
  }
}

variable "networks" {
  description = "The networks by name. `zone` is `external` (what is on it may publish ports: the ingress), `service` (reached through the ingress only) or `data` (not reached from outside at all). `internal = false` lets a network of the zone `service` reach out by itself. Without `cidr` the engine chooses the range."
  type = map(object({
    zone      = string
    cidr      = optional(string)
    ipv6_cidr = optional(string)
    internal  = optional(bool, true)
  }))
  nullable = false
  default  = {}

  validation {
    condition     = alltrue([for network in var.networks : contains(["external", "service", "data"], network.zone)])
    error_message = "zone is external, service or data."
  }

  validation {
    condition     = alltrue([for network in var.networks : network.zone != "data" || network.internal])
    error_message = "A network of the zone data is internal: choose the zone service for one that reaches out."
  }

  validation {
    condition     = alltrue([for network in var.networks : network.cidr == null || can(cidrnetmask(network.cidr))])
    error_message = "cidr is an IPv4 range, as in 172.22.0.0/24."
  }

  validation {
    condition     = alltrue([for network in var.networks : network.ipv6_cidr == null || can(regex(":", cidrhost(network.ipv6_cidr, 1)))])
    error_message = "ipv6_cidr is an IPv6 range, as in fd00:22::/64."
  }
}

variable "site" {
  description = "Range of the complete site, as in `10.0.0.0/16`. Every VLAN gets a part of it by its id: VLAN 20 gets `10.0.20.0/24`. Needed with `vlans`."
  type        = string
  default     = null

  validation {
    condition     = var.site == null || can(cidrnetmask(var.site))
    error_message = "site is an IPv4 range, as in 10.0.0.0/16."
  }

  validation {
    condition     = var.site != null || length(var.vlans) == 0
    error_message = "VLANs need a site, the range that they get theirs from, as in 10.0.0.0/16."
  }
}

variable "vlans" {
  description = "The VLANs by name. `kind` is `services`, `servers`, `iot` or `guest`: by default the VLAN's name if it is one of these, or else `servers`. `cidr` or `prefix_length` in place of the planned /24; `gateway` in place of its first address; `reserved` are ranges that no container gets, such as the router's DHCP pool. `nodes` are those with containers on it: by default all of `attachments`, and none for guests. `reaches` names the VLANs that it may begin connections to, in place of what its kind may."
  type = map(object({
    vlan_id       = number
    kind          = optional(string)
    cidr          = optional(string)
    prefix_length = optional(number)
    gateway       = optional(string)
    reserved      = optional(set(string), [])
    nodes         = optional(set(string))
    reaches       = optional(set(string))
  }))
  nullable = false
  default  = {}

  validation {
    condition     = alltrue([for vlan in var.vlans : vlan.vlan_id >= 1 && vlan.vlan_id <= 4094 && vlan.vlan_id == floor(vlan.vlan_id)])
    error_message = "vlan_id is a whole number from 1 to 4094."
  }

  validation {
    condition     = alltrue([for vlan in var.vlans : vlan.kind == null ? true : contains(["services", "servers", "iot", "guest"], vlan.kind)])
    error_message = "kind is services, servers, iot or guest."
  }

  validation {
    condition     = alltrue([for vlan in var.vlans : vlan.cidr == null || vlan.prefix_length == null])
    error_message = "A VLAN has cidr or prefix_length, not both: a range says its size."
  }

  validation {
    condition     = alltrue(flatten([for vlan in var.vlans : [for node in coalesce(vlan.nodes, []) : contains(keys(var.attachments), node)]]))
    error_message = "nodes of a VLAN are among attachments, which name the interface of each."
  }

  validation {
    condition     = alltrue(flatten([for key, vlan in var.vlans : [for other in coalesce(vlan.reaches, []) : contains(keys(var.vlans), other) && other != key]]))
    error_message = "reaches names other VLANs of this map."
  }
}

variable "attachments" {
  description = "The nodes with containers on VLANs: each one's interface that carries them, tagged, and how many addresses it gives out on each (default: an eighth)."
  type = map(object({
    parent = string
    size   = optional(number)
  }))
  nullable = false
  default  = {}

  validation {
    condition     = alltrue([for a in values(var.attachments) : can(regex("^[^/\\s]{1,15}$", a.parent)) && (a.size == null ? true : a.size >= 1 && a.size == floor(a.size))])
    error_message = "parent is an interface of the node, as in eth0: 1 to 15 characters; size is a whole number from 1."
  }
}

variable "driver" {
  description = "How containers are on the VLANs: `macvlan`, each with a MAC address of its own, or `ipvlan`, all with the interface's."
  type        = string
  nullable    = false
  default     = "macvlan"

  validation {
    condition     = contains(["macvlan", "ipvlan"], var.driver)
    error_message = "driver is macvlan or ipvlan."
  }
}
