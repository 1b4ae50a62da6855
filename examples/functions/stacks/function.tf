# nodes/atlas/photos/compose.yaml
# nodes/atlas/photos/.env
# nodes/helios/music/compose.yaml
# nodes/helios/music/compose.override.yaml
resource "homelab_stack" "all" {
  for_each = provider::homelab::stacks("${path.module}/nodes") # "atlas/photos" and "helios/music"

  node              = each.value.node
  name              = each.value.name
  compose           = file(each.value.compose_files[0])
  overrides         = [for path in slice(each.value.compose_files, 1, length(each.value.compose_files)) : file(path)]
  project_directory = each.value.directory
  variables         = length(each.value.env_files) > 0 ? provider::homelab::dotenv(file(each.value.env_files[0])) : {}
}
