# The declared homelab, drawn while planning: a pull request shows what it changes.
# Terraform puts a data source off that names a resource with changes; a local
# value in between lets it draw at once.
locals {
  stacks = [homelab_stack.ingress, homelab_stack.media]
}

data "homelab_topology" "declared" {
  stacks = local.stacks
}

output "topology" {
  value = data.homelab_topology.declared.markdown
}

# The running homelab: every node of the provider, and whatever runs there.
data "homelab_topology" "running" {
  group_by = "criticality"
  show     = ["hosts", "ports", "dependencies"]
}
