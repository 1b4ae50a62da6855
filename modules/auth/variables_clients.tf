variable "clients" {
  description = "Clients of OpenID Connect by their ID, as in grafana: where they may send people back to (`redirect_uris`), their `scopes`, and a `title` for people. Output `sso.oidc` has what each has to know."
  type = map(object({
    redirect_uris = list(string)
    scopes        = optional(list(string), ["openid", "profile", "email"])
    title         = optional(string)
  }))
  nullable = false
  default  = {}

  validation {
    condition     = alltrue([for id in keys(var.clients) : can(regex("^[a-z0-9]([a-z0-9-]{0,40}[a-z0-9])?$", id))])
    error_message = "A client's ID is 1 to 42 lower-case letters, digits and hyphens, no hyphen at either end."
  }

  validation {
    condition     = alltrue([for c in values(var.clients) : length(c.redirect_uris) > 0 && alltrue([for uri in c.redirect_uris : can(regex("^https?://[^\"\\s]+$", uri))])])
    error_message = "A client has at least one redirect_uri, an address such as https://grafana.home.arpa/login/generic_oauth."
  }

  validation {
    condition     = alltrue([for c in values(var.clients) : contains(c.scopes, "openid") && alltrue([for s in c.scopes : contains(["openid", "profile", "email", "groups", "offline_access"], s)])])
    error_message = "scopes has openid, and of profile, email, groups and offline_access what the client needs."
  }

  validation {
    condition     = alltrue([for c in values(var.clients) : c.title == null ? true : can(regex("^[^\"\\\\]+$", c.title))])
    error_message = "A title has neither quotes nor backslashes."
  }
}

variable "images" {
  description = "Images to run instead of the module's own, by the name of a service or by its kind."
  type        = map(string)
  nullable    = false
  default     = {}

  validation {
    condition     = alltrue([for image in values(var.images) : can(regex("(:[A-Za-z0-9_][A-Za-z0-9_.-]*|@sha256:[0-9a-f]{64})$", image)) && !endswith(image, ":latest")])
    error_message = "An image has a tag that names a version (never latest) or a digest, as in postgres:16.10."
  }

  validation {
    condition     = alltrue([for name in keys(var.images) : contains(keys(local.images), trimprefix(name, "authentik-")) || name == "authentik-worker"])
    error_message = "A key of images is a service, as in authentik-worker, or a kind: ${join(", ", keys(local.images))}."
  }
}

variable "secrets" {
  description = <<-TEXT
    Names of `homelab_secret`s of the node to use instead of generated ones. Authentik:
    `secret-key`, `admin-password` (uid 1000 reads them) and `postgresql-password` (uid
    1000 and gid 999). Authelia: `session-secret`, `storage-encryption-key`,
    `reset-password-jwt`, `oidc-hmac`, and what cannot be generated: `users`, its
    users_database.yml, and with clients `oidc-issuer-key`, an RSA key in PEM. `client-ID`
    is the secret of a client.
  TEXT
  type        = map(string)
  nullable    = false
  default     = {}

  validation {
    condition     = alltrue([for key in keys(var.secrets) : contains(concat(keys(local.made), local.needed), key)])
    error_message = "A key of secrets is one of what runs here: ${join(", ", concat(keys(local.made), local.needed))}."
  }

  validation {
    condition     = alltrue([for name in local.needed : contains(keys(var.secrets), name)])
    error_message = "Authelia needs what cannot be generated: secrets.users, its users_database.yml, and with clients secrets.oidc-issuer-key, an RSA key in PEM."
  }
}
