resource "homelab_node" "helios" {
  name   = "helios"
  labels = { room = "attic" }

  directories = {
    # Made before any stack that refers to this node. Containers that run as
    # 1000:1000 may write here.
    "/srv/media"        = { uid = 1000, gid = 1000, mode = "0750" }
    "/srv/media/movies" = { uid = 1000, gid = 1000, mode = "2775" }

    # Only has to be there: whoever owns it, may.
    "/srv/postgres" = {}
  }
}

resource "homelab_stack" "media" {
  name = "media"
  node = homelab_node.helios.name # and so after its directories

  compose = yamlencode({
    services = {
      jellyfin = {
        image   = "jellyfin/jellyfin:10.11"
        user    = "1000:1000"
        volumes = ["/srv/media:/media:ro"]
      }
    }
  })
}
