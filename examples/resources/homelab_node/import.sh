# The node's name in the provider block.
terraform import homelab_node.helios helios
