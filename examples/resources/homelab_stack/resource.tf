variable "token" {
  description = "Secret of the service. Ephemeral: it is in no state and no plan file."
  type        = string
  ephemeral   = true
  sensitive   = true
}

resource "homelab_stack" "whoami" {
  name              = "whoami"
  compose           = file("${path.module}/compose.yaml")
  project_directory = path.module # where motd.txt is found

  variables = {
    NAME = "a homelab"
    PORT = 8081
  }
  secrets = {
    TOKEN = var.token
  }
}

output "whoami" {
  value = { for name, service in homelab_stack.whoami.services : name => service.state }
}
