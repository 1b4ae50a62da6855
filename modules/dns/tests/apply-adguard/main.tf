terraform {
  required_providers {
    homelab = { source = "homelab-iac/homelab" }
  }
}

variable "node" { type = string }
variable "homelab" { type = string }
variable "port" { type = number }
variable "images" { type = map(string) }

module "dns" {
  source = "../.."

  node          = var.node
  name          = var.homelab
  kind          = "adguard"
  ports         = { dns = var.port, web = var.port + 1 }
  images        = var.images
  rewrites      = { "*.home.arpa" = "10.0.20.5" }
  password_hash = "$2y$10$abcdefghijklmnopqrstuuNNV8RZ7SB2d2LcgRC9vM7fnqTkkPbPq"
  replicas      = ["http://10.0.20.6:3000"]
  secrets       = { WEB_PASSWORD = "password of ${var.homelab}", REPLICA_PASSWORD = "other of ${var.homelab}" }
}
