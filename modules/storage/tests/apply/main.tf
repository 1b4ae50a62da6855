terraform {
  required_providers {
    homelab = { source = "homelab-iac/homelab" }
  }
}

variable "node" { type = string }
variable "homelab" { type = string }
variable "port" { type = number }
variable "images" { type = map(string) }

module "storage" {
  source = "../.."

  node      = var.node
  name      = var.homelab
  images    = var.images
  buckets   = { loki = { quota = "1GiB" }, tempo = { versioning = true }, shared = {} }
  users     = { loki = { buckets = ["loki", "shared"] }, tempo = { buckets = ["tempo"] } }
  passwords = { for name in ["root", "loki", "tempo"] : name => "${name}-of-${var.homelab}" }
}

output "storage" { value = module.storage.storage }
