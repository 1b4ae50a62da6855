locals {
  # Secrets that are made here unless `secrets` names others, and who reads them.
  # PostgreSQL reads its password by its group.
  reader = { uid = var.user.uid, gid = var.user.gid, length = 64, mode = "0400" }
  made = { for name, m in merge(
    {
      secret-key             = { kind = "authentik", uid = 1000, gid = 1000, length = 60, mode = "0400" }
      admin-password         = { kind = "authentik", uid = 1000, gid = 1000, length = 24, mode = "0400" }
      postgresql-password    = { kind = "authentik", uid = 1000, gid = 999, length = 40, mode = "0440" }
      session-secret         = merge({ kind = "authelia" }, local.reader)
      storage-encryption-key = merge({ kind = "authelia" }, local.reader)
      reset-password-jwt     = merge({ kind = "authelia" }, local.reader)
    },
    { for name in length(var.clients) > 0 ? ["oidc-hmac"] : [] : name => merge({ kind = "authelia" }, local.reader) },
    # A client reads its own as whom it runs: everybody in a container that has it may.
    { for id in keys(var.clients) : "client-${id}" => { kind = var.kind, uid = 1000, gid = 1000, length = 64, mode = "0444" } },
  ) : name => m if m.kind == var.kind }

  # Authelia's users, and the key that its tokens are signed with, cannot be made up.
  needed = var.kind == "authentik" ? [] : concat(["users"], length(var.clients) > 0 ? ["oidc-issuer-key"] : [])

  named = merge(
    { for name in keys(local.made) : name => contains(keys(var.secrets), name) ? var.secrets[name] : homelab_secret.generated[name].name },
    { for name in local.needed : name => var.secrets[name] if contains(keys(var.secrets), name) },
  )
}

resource "homelab_secret" "generated" {
  for_each = { for name, s in local.made : name => s if !contains(keys(var.secrets), name) }

  name     = "${var.name}-${each.key}"
  node     = var.node
  generate = { length = each.value.length }
  uid      = each.value.uid
  gid      = each.value.gid
  mode     = each.value.mode
}
