variable "root_user" {
  description = "Name of MinIO's administrator. Its password is the secret `root`."
  type        = string
  nullable    = false
  default     = "admin"

  validation {
    condition     = can(regex("^[A-Za-z0-9_.-]{3,}$", var.root_user))
    error_message = "root_user is at least 3 letters, digits, dots, hyphens or underscores."
  }
}

variable "buckets" {
  description = "Buckets to make. One that is taken out here stays, with what is in it."
  type = map(object({
    versioning = optional(bool, false)
    quota      = optional(string)
  }))
  nullable = false
  default = {
    loki  = {}
    tempo = {}
    mimir = {}
  }

  validation {
    condition     = alltrue([for name in keys(var.buckets) : can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", name))])
    error_message = "A bucket's name is 3 to 63 lower-case letters, digits and hyphens, no hyphen at either end."
  }

  validation {
    condition     = alltrue([for b in values(var.buckets) : b.quota == null ? true : can(regex("^[1-9][0-9]*(KiB|MiB|GiB|TiB)$", b.quota))])
    error_message = "A bucket's quota is a size, as in 50GiB."
  }
}

variable "users" {
  description = "Users to make, and the buckets that each may read and write; it sees no other. A user's password is the secret of its name."
  type = map(object({
    buckets = set(string)
  }))
  nullable = false
  default = {
    loki  = { buckets = ["loki"] }
    tempo = { buckets = ["tempo"] }
    mimir = { buckets = ["mimir"] }
  }

  validation {
    condition     = alltrue([for name in keys(var.users) : can(regex("^[a-z0-9][a-z0-9_-]{2,}$", name)) && name != "root"])
    error_message = "A user's name is at least 3 lower-case letters, digits, hyphens and underscores, and not root."
  }

  validation {
    condition     = !contains(keys(var.users), var.root_user)
    error_message = "A user may not be called as root_user is."
  }

  validation {
    condition     = alltrue([for u in values(var.users) : length(u.buckets) > 0 && length(setsubtract(u.buckets, keys(var.buckets))) == 0])
    error_message = "Each user has at least one bucket, and all of them are in buckets."
  }
}

variable "secrets" {
  description = "Secrets of the node (names of `homelab_secret`) to take passwords from instead of generated ones: `root`, the administrator's, and by the names of users. Each is a file of mode 0444."
  type        = map(string)
  nullable    = false
  default     = {}

  validation {
    condition     = length(setsubtract(keys(var.secrets), concat(["root"], keys(var.users)))) == 0
    error_message = "A key of secrets is root or the name of a user."
  }
}
