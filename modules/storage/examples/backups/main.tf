# Object storage for backups: each machine writes its own bucket and sees no other.
terraform {
  required_version = ">= 1.11"

  required_providers {
    homelab = {
      source = "homelab-iac/homelab"
    }
  }
}

provider "homelab" {
  nodes = { nas = { host = "ssh://ops@nas.home.arpa" } }
}

module "storage" {
  source = "../.."

  node      = "nas"
  user      = { uid = 2000, gid = 2000 }
  data_root = "/mnt/data"

  buckets = {
    helios-backup = { versioning = true, quota = "500GiB" }
    atlas-backup  = { versioning = true }
  }
  users = {
    helios = { buckets = ["helios-backup"] }
    atlas  = { buckets = ["atlas-backup"] }
  }
}

output "users" {
  description = "Keys, and the names of the secrets on the node that hold the passwords."
  value       = module.storage.storage.users
}
