# The node's name in the provider block, and the name of the Compose project.
terraform import homelab_stack.whoami local/whoami
