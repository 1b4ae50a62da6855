variable "node" {
  description = "Name of the node, as in the provider's `nodes`."
  type        = string
  nullable    = false
  default     = "local"
}

variable "name" {
  description = "Name of the stack."
  type        = string
  nullable    = false
  default     = "auth"

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9_-]{0,30}$", var.name))
    error_message = "name is 1 to 31 lower-case letters, digits, hyphens and underscores, a letter or digit first."
  }
}

variable "timezone" {
  description = "Time zone of every container."
  type        = string
  nullable    = false
  default     = "Etc/UTC"

  validation {
    condition     = can(regex("^[A-Z][A-Za-z]+(/[A-Za-z0-9_+-]+)*$", var.timezone))
    error_message = "timezone is a name of the time zone database, as in Europe/Madrid."
  }
}

variable "kind" {
  description = "What signs people on: `authentik` (server, worker, PostgreSQL, Redis) or `authelia` (one program)."
  type        = string
  nullable    = false
  default     = "authentik"

  validation {
    condition     = contains(["authentik", "authelia"], var.kind)
    error_message = "kind is authentik or authelia."
  }
}

variable "host" {
  description = "Name in front of the ingress's domain where people log in."
  type        = string
  nullable    = false
  default     = "auth"

  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", var.host))
    error_message = "host is a host name without a domain: 1 to 63 lower-case letters, digits and hyphens."
  }
}

variable "user" {
  description = "`uid` and `gid` that Authelia runs as. Authentik and the databases run as the users of their images."
  type = object({
    uid = number
    gid = number
  })
  nullable = false
  default  = { uid = 1000, gid = 1000 }

  validation {
    condition     = alltrue([for id in [var.user.uid, var.user.gid] : id >= 1 && id == floor(id)])
    error_message = "user.uid and user.gid are whole numbers from 1: nothing here needs root's files."
  }
}

variable "data_root" {
  description = "Directory of the node for the data of PostgreSQL and Redis, `postgresql` and `redis` below it. Null keeps them in volumes."
  type        = string
  default     = null

  validation {
    condition     = var.data_root == null ? true : can(regex("^(/[^/:]+)+$", var.data_root))
    error_message = "data_root is an absolute path without a slash at its end, as in /mnt/data."
  }
}

variable "config_root" {
  description = "Directory of the node for Authelia's own database, `authelia` below it. Null means `/srv/NAME`."
  type        = string
  default     = null

  validation {
    condition     = var.config_root == null ? true : can(regex("^(/[^/:]+)+$", var.config_root))
    error_message = "config_root is an absolute path without a slash at its end, as in /srv/appdata."
  }
}

variable "ingress" {
  description = "What the module `ingress` puts out. People log in through it."
  type = object({
    kind          = string
    domain        = string
    network       = string
    entrypoint    = optional(string, "websecure")
    cert_resolver = optional(string)
  })
  nullable = false
}

variable "policy" {
  description = "What Authelia wants of everybody: `one_factor`, a password, or `two_factor`. Authentik keeps that in its flows."
  type        = string
  nullable    = false
  default     = "two_factor"

  validation {
    condition     = contains(["one_factor", "two_factor"], var.policy)
    error_message = "policy is one_factor or two_factor."
  }
}

variable "environment" {
  description = "Further settings of Authentik (`AUTHENTIK_…`) or Authelia (`AUTHELIA_…`). No secrets."
  type        = map(string)
  nullable    = false
  default     = {}

  validation {
    condition     = alltrue([for name in keys(var.environment) : !can(regex("(PASSWORD|SECRET|SECRET_KEY|ENCRYPTION_KEY)$", name))])
    error_message = "environment has no secrets: name a homelab_secret in secrets."
  }
}
