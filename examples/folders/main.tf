terraform {
  required_providers {
    homelab = { source = "homelab-iac/homelab" }
  }
}

# Each node has a directory of its name in nodes/.
provider "homelab" {
  nodes = {
    atlas  = { host = "ssh://admin@atlas.lan" }
    helios = { host = "ssh://admin@helios.lan" }
  }
}

# Each directory nodes/NODE/STACK with a Compose file is a stack.
resource "homelab_stack" "all" {
  for_each = provider::homelab::stacks("${path.module}/nodes")

  node              = each.value.node
  name              = each.value.name
  compose           = file(each.value.compose_files[0])
  overrides         = [for path in slice(each.value.compose_files, 1, length(each.value.compose_files)) : file(path)]
  project_directory = each.value.directory
  variables         = length(each.value.env_files) > 0 ? provider::homelab::dotenv(file(each.value.env_files[0])) : {}
}
