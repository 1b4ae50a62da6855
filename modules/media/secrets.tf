locals {
  # Passwords that are made here, unless `secrets` names others: nobody has to type
  # them but Tube Archivist's, which is read once on the node.
  passwords = merge([for name, s in local.tubes : {
    "${name}-password"         = { uid = 0 }
    "${name}-elastic-password" = { uid = 1000 } # Elasticsearch's user; it insists on 0400
  }]...)

  generated = { for name, p in local.passwords : name => p if !contains(keys(var.secrets), name) }

  service_secrets = { for name, s in local.chosen : name => merge(
    { for file in keys(s.secrets) : file => { source = "${name}-${file}" } },
    s.kind == "tubearchivist" ? {
      ta_password      = { source = "${name}-password" }
      elastic_password = { source = "${name}-elastic-password" }
    } : {},
    s.kind == "plex" && contains(keys(var.secrets), "${name}-claim") ? { plex_claim = { source = "${name}-claim" } } : {},
  ) }

  # The names on the node of all secrets that services use.
  named = merge(
    merge([for name, s in local.chosen : { for file, secret in s.secrets : "${name}-${file}" => secret }]...),
    { for name in keys(local.passwords) : name => contains(keys(var.secrets), name) ? var.secrets[name] : homelab_secret.generated[name].name },
    { for file, secret in length(local.behind) == 0 ? {} : local.vpn_secrets : "gluetun-${file}" => secret },
    { for name, s in local.chosen : "${name}-claim" => var.secrets["${name}-claim"] if contains(keys(var.secrets), "${name}-claim") },
  )
}

resource "homelab_secret" "generated" {
  for_each = local.generated

  name     = "${var.name}-${each.key}"
  node     = var.node
  generate = {}
  uid      = each.value.uid
  mode     = "0400"
}
