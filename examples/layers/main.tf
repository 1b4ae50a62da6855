terraform {
  required_providers {
    homelab = { source = "homelab-iac/homelab" }
  }
}

provider "homelab" {
  # Applying changes nothing, of whatever stack, where this file's key is not.
  sops_files = ["${path.module}/secrets.enc.yaml"]
}

locals {
  # Each layer lies over the one before: what all machines share, then what
  # differs on this one.
  base    = yamldecode(file("${path.module}/base.yaml"))
  machine = yamldecode(fileexists("${path.module}/machine.local.yaml") ? file("${path.module}/machine.local.yaml") : "{}")
  values  = merge(local.base, local.machine)
}

# Planning needs no key, so that every pull request gets a plan; applying does.
ephemeral "homelab_sops_file" "secrets" {
  path         = "${path.module}/secrets.enc.yaml"
  key_required = terraform.applying
  placeholders = true # OpenTofu needs it; Terraform does not mind
}

resource "homelab_stack" "app" {
  name      = "layers"
  compose   = file("${path.module}/compose.yaml")
  variables = local.values

  # What is no password, shown in the plan.
  show_values = ["environment.POSTGRES_DB"]

  # On a machine's own layer of Compose, as compose.override.yaml is elsewhere.
  overrides = fileexists("${path.module}/compose.local.yaml") ? [file("${path.module}/compose.local.yaml")] : []

  # Name the secrets here: without the key, the plan then shows all but these.
  secrets = {
    DB_PASSWORD = ephemeral.homelab_sops_file.secrets.values["db.password"]
    API_TOKEN   = ephemeral.homelab_sops_file.secrets.values["api.token"]
  }
}
