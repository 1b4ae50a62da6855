terraform {
  required_providers {
    homelab = { source = "homelab-iac/homelab" }
  }
}

variable "node" { type = string }
variable "homelab" { type = string }
variable "port" { type = number }
variable "images" { type = map(string) }

# Given ones, for the test to know them; tempo's is generated.
resource "homelab_secret" "password" {
  for_each = toset(["root", "loki"])

  node  = var.node
  name  = "${var.homelab}-${each.key}-given"
  mode  = "0444"
  value = "${each.key}-of-${var.homelab}"
}

module "storage" {
  source = "../.."

  node    = var.node
  name    = var.homelab
  images  = var.images
  buckets = { loki = { quota = "1GiB" }, tempo = { versioning = true }, shared = {} }
  users   = { loki = { buckets = ["loki", "shared"] }, tempo = { buckets = ["tempo"] } }
  secrets = { for name, s in homelab_secret.password : name => s.name }
}

output "storage" { value = module.storage.storage }
