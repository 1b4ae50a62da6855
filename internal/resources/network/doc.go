// Package network is the Terraform resource homelab_network.
package network
