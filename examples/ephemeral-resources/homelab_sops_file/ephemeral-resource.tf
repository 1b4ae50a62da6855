ephemeral "homelab_sops_file" "photos" {
  path = "${path.module}/photos.enc.yaml"

  # A plan needs no key, so that every pull request gets one; applying does.
  key_required = terraform.applying
}

resource "homelab_stack" "photos" {
  name    = "photos"
  compose = file("${path.module}/compose.yaml")
  secrets = {
    DB_PASSWORD = ephemeral.homelab_sops_file.photos.values["database.password"]
  }
}
