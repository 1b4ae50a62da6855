// Package stack is the homelab_stack resource: a Compose project on one node.
package stack
