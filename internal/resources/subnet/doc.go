// Package subnet is the Terraform concept of a subnet: one VLAN across nodes,
// with a network on the tagged sub-interface of each, and for each a range of
// addresses of its own. Schema, model and resource of homelab_subnet.
package subnet
