variable "certificate" {
  description = <<-EOT
    Where the certificate comes from (NGINX Proxy Manager has its own way, and takes none):
    `dns` gets a wildcard certificate by the DNS challenge: `dns_provider` is the name that Traefik's documentation gives it, `credentials` are the names of the variables with its credentials, whose values `secrets` has.
    `http` gets one for each host by the HTTP challenge, so port 80 has to be reachable from the certificate authority.
    `own` is a certificate of the homelab's own authority: `chain` is its PEM, and `TLS_KEY` of `secrets` its key.
    `server` and `server_ca` (PEM) name another ACME server than Let's Encrypt's.
  EOT
  type = object({
    method       = string
    email        = optional(string)
    dns_provider = optional(string)
    credentials  = optional(set(string), [])
    resolvers    = optional(list(string), ["1.1.1.1:53", "9.9.9.9:53"])
    server       = optional(string, "https://acme-v02.api.letsencrypt.org/directory")
    server_ca    = optional(string)
    chain        = optional(string)
  })
  default = null

  validation {
    condition     = (var.certificate == null) == (var.kind == "npm")
    error_message = "certificate is needed for traefik and nginx, and not taken by npm."
  }

  validation {
    condition     = var.certificate == null ? true : contains(["dns", "http", "own"], var.certificate.method)
    error_message = "certificate.method is dns, http or own."
  }

  validation {
    condition     = try(var.certificate.method, "") != "dns" || var.kind == "traefik"
    error_message = "Only traefik does the DNS challenge: use http or own with nginx."
  }

  validation {
    condition     = try(var.certificate.method, "own") == "own" || can(regex("^[^@\\s]+@[^@\\s]+$", var.certificate.email))
    error_message = "certificate.email is the address that the certificate authority writes to."
  }

  validation {
    condition     = try(var.certificate.method, "") != "dns" || (try(var.certificate.dns_provider, null) != null && length(try(var.certificate.credentials, [])) > 0)
    error_message = "The DNS challenge needs dns_provider, as in cloudflare, and credentials, as in [\"CF_DNS_API_TOKEN\"]."
  }

  validation {
    condition     = try(var.certificate.method, "") != "own" || startswith(coalesce(try(var.certificate.chain, null), "-"), "-----BEGIN CERTIFICATE-----")
    error_message = "certificate.chain is the certificate in PEM, followed by those of the authorities between it and the root."
  }

  validation {
    condition     = var.certificate == null ? true : startswith(var.certificate.server, "https://")
    error_message = "certificate.server is the https URL of an ACME directory."
  }
}

variable "secrets" {
  description = "Secrets by name, never in state or plan: those of `certificate.credentials`, and `TLS_KEY`, the key of a certificate of one's own."
  type        = map(string)
  ephemeral   = true
  nullable    = false
  default     = {}

  validation {
    condition     = length(setsubtract(keys(var.secrets), concat(["TLS_KEY"], tolist(try(var.certificate.credentials, []))))) == 0
    error_message = "A key of secrets is TLS_KEY or one of certificate.credentials. The password of NGINX Proxy Manager's first user is made on the node; one of your own is a homelab_secret that passwords names."
  }
}

variable "passwords" {
  description = "Secrets of the node (names of `homelab_secret`, files of mode 0444) to use instead of generated ones: `admin`, the password of NGINX Proxy Manager's first user."
  type        = map(string)
  nullable    = false
  default     = {}

  validation {
    condition     = length(setsubtract(keys(var.passwords), ["admin"])) == 0
    error_message = "The only key of passwords is admin."
  }

  validation {
    condition     = length(var.passwords) == 0 || (var.kind == "npm" && var.admin_email != null)
    error_message = "passwords are for npm with an admin_email: no other kind has users."
  }
}

variable "admin_email" {
  description = "Address of NGINX Proxy Manager's first user. Null leaves it to its interface to make one."
  type        = string
  default     = null

  validation {
    condition     = var.admin_email == null ? true : can(regex("^[^@\\s]+@[^@\\s]+$", var.admin_email))
    error_message = "admin_email is an address."
  }
}

variable "gateway" {
  description = "How nginx serves: `rate` requests a second from one address and `burst` above it before it answers 429; `body_size`, the largest request body; and the security headers of every answer: `csp` (Content-Security-Policy; null sends none), `hsts` (Strict-Transport-Security) and `referrer`."
  type = object({
    rate      = optional(number, 100)
    burst     = optional(number, 100)
    body_size = optional(string, "100m")
    csp       = optional(string)
    hsts      = optional(string, "max-age=31536000; includeSubDomains")
    referrer  = optional(string, "strict-origin-when-cross-origin")
  })
  nullable = false
  default  = {}

  validation {
    condition     = alltrue([for n in [var.gateway.rate, var.gateway.burst] : n >= 1 && n == floor(n)])
    error_message = "gateway.rate and burst are whole numbers from 1."
  }

  validation {
    condition     = can(regex("^[0-9]+[kmg]?$", var.gateway.body_size))
    error_message = "gateway.body_size is a size, as in 100m; 0 is no limit."
  }

  validation {
    condition     = alltrue([for text in [var.gateway.csp, var.gateway.hsts, var.gateway.referrer] : !can(regex("[\"\\\\\\n$]", coalesce(text, "-")))])
    error_message = "A header of gateway has no quotation marks, backslashes, dollar signs or line breaks."
  }
}

variable "access_log" {
  description = "Keep a file of all requests in a volume that others may read, as CrowdSec does: `megabytes` is the size at which it is rotated; the previous file is kept. Null writes them to the container's output only."
  type = object({
    megabytes = optional(number, 50)
  })
  default = {}

  validation {
    condition     = var.access_log == null ? true : var.access_log.megabytes >= 1
    error_message = "access_log.megabytes is at least 1."
  }
}
