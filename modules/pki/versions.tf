terraform {
  required_version = ">= 1.11"

  required_providers {
    homelab = { source = "homelab-iac/homelab" }
  }
}
