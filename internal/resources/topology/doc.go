// Package topology is the Terraform concept of a homelab's picture: the data
// source homelab_topology.
package topology
