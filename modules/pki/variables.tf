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
}

variable "not_before" {
  description = "Day from which the authority is valid, as in `2026-01-31`. Another day makes another authority."
  type        = string
  nullable    = false
}

variable "years" {
  description = "How many years the authority is valid."
  type        = number
  nullable    = false
  default     = 10
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
}
