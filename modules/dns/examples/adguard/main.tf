# AdGuard Home on one node, kept alike on another.
terraform {
  required_version = ">= 1.11"

  required_providers {
    homelab = {
      source = "homelab-iac/homelab"
    }
  }
}

provider "homelab" {
  nodes = { overwatch = { host = "ssh://pi@10.0.2.10" } }
}

variable "password" {
  description = "Password of AdGuard Home's user, here and on the replica."
  type        = string
  ephemeral   = true
}

variable "password_hash" {
  description = "Its bcrypt hash."
  type        = string
  ephemeral   = true
}

module "dns" {
  source = "../.."

  node          = "overwatch"
  kind          = "adguard"
  records       = { "nas.home.arpa" = "10.0.2.30" }
  rewrites      = { "*.home.arpa" = "10.0.2.20" }
  ports         = { web = 3000, host_ip = "10.0.2.10" }
  password_hash = var.password_hash
  replicas      = ["http://10.0.2.11:3000"]
  secrets       = { WEB_PASSWORD = var.password, REPLICA_PASSWORD = var.password }
}
