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
    condition     = can(regex("^[0-9]{4}-[0-9]{2}-[0-9]{2}$", var.not_before)) && can(timeadd("${var.not_before}T00:00:00Z", "0h"))
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
    condition     = alltrue([for name in keys(var.certificates) : can(regex("^[a-z0-9][a-z0-9_-]*$", name))])
    error_message = "The name of a certificate has lower-case letters, digits, _ and - only and begins with a letter or digit."
  }

  validation {
    condition     = alltrue([for c in var.certificates : contains(["server", "client", "peer"], c.profile)])
    error_message = "profile is server, client or peer."
  }

  validation {
    condition     = alltrue([for c in var.certificates : c.profile == "client" || length(c.dns_names) + length(c.ip_addresses) > 0])
    error_message = "A server or peer has dns_names or ip_addresses."
  }
}
