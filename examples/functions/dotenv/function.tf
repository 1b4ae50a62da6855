# .env:
#   DOMAIN=home.example
#   export HOST="photos.${DOMAIN}" # photos.home.example
#   MOTTO='costs $5'
resource "homelab_stack" "photos" {
  name      = "photos"
  compose   = file("${path.module}/compose.yaml")
  variables = provider::homelab::dotenv(file("${path.module}/.env"))
}
