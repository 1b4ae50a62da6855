terraform {
  required_providers {
    homelab = { source = "homelab-iac/homelab" }
  }
}

variable "node" { type = string }
variable "homelab" { type = string }
variable "port" { type = number }
variable "images" { type = map(string) }

# No kernel has as much.
module "security" {
  source = "../.."

  node     = var.node
  name     = "${var.homelab}-kernel"
  images   = var.images
  services = { wazuh = {} }
  wazuh    = { max_map_count = 2147483647 }
}
