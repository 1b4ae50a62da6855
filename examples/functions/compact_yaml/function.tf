resource "homelab_stack" "whoami" {
  name = "whoami"
  compose = provider::homelab::compact_yaml(yamlencode({
    services = {
      whoami = {
        image    = "traefik/whoami:v1.11"
        cap_drop = ["ALL"]                      # cap_drop: [ALL]
        networks = { default = {}, proxy = {} } # networks: {default: {}, proxy: {}}
      }
    }
    networks = { proxy = { external = true } }
  }))
}
