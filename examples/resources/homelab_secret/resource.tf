# A password that nobody has to know: it is made on the node, and a new one each year.
resource "homelab_secret" "db_password" {
  name     = "db_password"
  generate = { length = 40 }
  uid      = 999 # postgres in its image reads it as its own user
  keepers  = { year = 2026 }
}

# A value that somebody gave us, from a committed file that SOPS encrypts.
ephemeral "homelab_sops_file" "photos" {
  path         = "${path.module}/secrets.enc.yaml"
  key_required = terraform.applying
}

resource "homelab_secret" "api_token" {
  name  = "api_token"
  value = ephemeral.homelab_sops_file.photos.values["api.token"]
  uid   = 1000 # the user that the service runs as
}

# Services take a secret by its name: the stack is applied after it, and a rotation
# recreates just these two services.
resource "homelab_stack" "photos" {
  name = "photos"
  compose = yamlencode({
    services = {
      db = {
        image       = "postgres:17"
        environment = { POSTGRES_PASSWORD_FILE = "/run/secrets/db_password" }
        secrets     = ["db_password"]
      }
      web = {
        image   = "example/photos:1"
        user    = "1000:1000"
        secrets = [{ source = "api_token", target = "token" }] # /run/secrets/token
      }
    }
    secrets = {
      db_password = { external = true, name = homelab_secret.db_password.name }
      api_token   = { external = true, name = homelab_secret.api_token.name }
    }
  })
}
