data "homelab_image" "jellyfin" {
  name     = "docker.io/jellyfin/jellyfin:10.10"
  platform = "linux/arm64"
}

# The stack runs just this image until the next plan is approved.
resource "homelab_stack" "media" {
  name = "media"

  compose = yamlencode({
    services = {
      jellyfin = { image = data.homelab_image.jellyfin.reference }
    }
  })
}

output "jellyfin_built" {
  value = data.homelab_image.jellyfin.created
}
