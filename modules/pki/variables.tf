variable "seed" {
  description = "The secret that all keys are derived from: at least 32 random characters (`openssl rand -hex 32`), kept in a file encrypted with SOPS. Whoever has it has every key."
  type        = string
  nullable    = false
  sensitive   = true
  ephemeral   = true
}

variable "name" {
  description = "Common name of the authority."
  type        = string
  nullable    = false
  default     = "Homelab"

  validation {
    condition     = length(var.name) >= 1 && length(var.name) <= 64
    error_message = "name has 1 to 64 characters."
  }
}

variable "not_before" {
  description = "Day from which the authority is valid, as in `2026-01-31`. Another day makes another authority."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^\\d{4}-\\d{2}-\\d{2}$", var.not_before)) && can(formatdate("YYYY", "${var.not_before}T00:00:00Z"))
    error_message = "not_before is a day, as in 2026-01-31."
  }
}

variable "years" {
  description = "How many years the authority is valid."
  type        = number
  nullable    = false
  default     = 10

  validation {
    condition     = var.years >= 1 && var.years <= 50 && floor(var.years) == var.years
    error_message = "years is a whole number from 1 to 50."
  }
}

variable "certificates" {
  description = "What the authority issues, by names of your choice. `profile` is `server`, `client`, or `peer` for both; a server or peer has `dns_names` or `ip_addresses`. A later `not_before` renews a certificate, with another key."
  type = map(object({
    profile      = string
    common_name  = optional(string)
    dns_names    = optional(list(string), [])
    ip_addresses = optional(list(string), [])
    not_before   = optional(string)
    days         = optional(number, 397)
  }))
  nullable = false

  validation {
    condition     = alltrue([for name in keys(var.certificates) : can(regex("^[A-Za-z0-9][A-Za-z0-9_.-]*$", name))])
    error_message = "A certificate's name has letters, digits, \"_\", \".\" and \"-\", and begins with a letter or digit."
  }

  validation {
    condition     = alltrue([for c in var.certificates : contains(["server", "client", "peer"], c.profile)])
    error_message = "profile is server, client or peer."
  }

  validation {
    condition     = alltrue([for c in var.certificates : c.profile == "client" || length(c.dns_names) + length(c.ip_addresses) > 0])
    error_message = "A server or peer has dns_names or ip_addresses: nobody looks at its common_name."
  }

  validation {
    condition     = alltrue([for c in var.certificates : c.common_name == null ? true : length(c.common_name) >= 1 && length(c.common_name) <= 64])
    error_message = "common_name has 1 to 64 characters."
  }

  validation {
    condition     = alltrue(flatten([for c in var.certificates : [for a in c.ip_addresses : can(cidrhost("${a}/32", 0)) || can(cidrhost("${a}/128", 0))]]))
    error_message = "ip_addresses are IPv4 or IPv6 addresses, without a prefix length."
  }

  validation {
    condition     = alltrue([for c in var.certificates : c.not_before == null ? true : can(regex("^\\d{4}-\\d{2}-\\d{2}$", c.not_before)) && can(formatdate("YYYY", "${c.not_before}T00:00:00Z"))])
    error_message = "not_before of a certificate is a day, as in 2026-01-31."
  }

  validation {
    condition     = alltrue([for c in var.certificates : c.days >= 1 && floor(c.days) == c.days])
    error_message = "days is a whole number, 1 or more."
  }
}
