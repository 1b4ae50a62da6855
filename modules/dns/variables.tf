variable "node" {
  description = "Name of the node, as in the provider's `nodes`."
  type        = string
  nullable    = false
}

variable "name" {
  description = "Name of the stack."
  type        = string
  nullable    = false
  default     = "dns"

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9_-]*$", var.name))
    error_message = "name is lower-case letters, digits, hyphens and underscores, as in dns."
  }
}

variable "kind" {
  description = "What filters: `pihole`, with Unbound as its upstream, or `adguard`, AdGuard Home."
  type        = string
  nullable    = false
  default     = "pihole"

  validation {
    condition     = contains(["pihole", "adguard"], var.kind)
    error_message = "kind is pihole or adguard."
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

variable "records" {
  description = "Local names and their addresses, as in `{ \"nas.home.arpa\" = \"10.0.20.9\" }`."
  type        = map(string)
  nullable    = false
  default     = {}

  validation {
    condition     = alltrue([for name in keys(var.records) : can(regex("^([a-z0-9_]([a-z0-9_-]*[a-z0-9])?\\.)*[a-z0-9]([a-z0-9-]*[a-z0-9])?$", name))])
    error_message = "A record is a host name in lower case, without a dot at its end."
  }

  validation {
    condition     = alltrue([for a in values(var.records) : can(cidrhost("${a}/32", 0)) || can(cidrhost("${a}/128", 0))])
    error_message = "A record's value is an IP address, as in 10.0.20.9."
  }
}

variable "rewrites" {
  description = "Split-horizon records, as the module `ingress` puts them out: a name, or all below one as `*.home.arpa`, and the address that is answered inside."
  type        = map(string)
  nullable    = false
  default     = {}

  validation {
    condition     = alltrue([for name in keys(var.rewrites) : can(regex("^(\\*\\.)?([a-z0-9_]([a-z0-9_-]*[a-z0-9])?\\.)*[a-z0-9]([a-z0-9-]*[a-z0-9])?$", name))])
    error_message = "A rewrite is a host name in lower case, or one after \"*.\"."
  }

  validation {
    condition     = alltrue([for a in values(var.rewrites) : can(cidrhost("${a}/32", 0)) || can(cidrhost("${a}/128", 0))])
    error_message = "A rewrite's value is an IP address, as in 10.0.20.5."
  }

  validation {
    condition     = length(setintersection(keys(var.rewrites), keys(var.records))) == 0
    error_message = "A name is in records and in rewrites: which address is right?"
  }
}

variable "refused" {
  description = "Domains that are answered with \"refused\", with all below them, as in `ads.example`."
  type        = set(string)
  nullable    = false
  default     = []

  validation {
    condition     = alltrue([for name in var.refused : can(regex("^([a-z0-9_]([a-z0-9_-]*[a-z0-9])?\\.)*[a-z0-9]([a-z0-9-]*[a-z0-9])?$", name))])
    error_message = "A refused domain is a host name in lower case, without a dot at its end."
  }

  validation {
    condition     = length(setintersection(var.refused, setunion(keys(var.records), keys(var.rewrites)))) == 0
    error_message = "A domain is refused and has an address, too."
  }
}

variable "upstreams" {
  description = "Resolvers that are asked over TLS: the address, and the `name` in its certificate."
  type = list(object({
    address = string
    port    = optional(number, 853)
    name    = string
  }))
  nullable = false
  default = [
    { address = "9.9.9.9", name = "dns.quad9.net" },
    { address = "149.112.112.112", name = "dns.quad9.net" },
    { address = "1.1.1.1", name = "cloudflare-dns.com" },
  ]

  validation {
    condition     = length(var.upstreams) > 0 && alltrue([for u in var.upstreams : can(cidrhost("${u.address}/32", 0)) || can(cidrhost("${u.address}/128", 0))])
    error_message = "upstreams has one resolver or more, each with an IP address."
  }

  validation {
    condition     = alltrue([for u in var.upstreams : u.port >= 1 && u.port <= 65535 && can(regex("^[a-z0-9.-]+$", u.name))])
    error_message = "The port of a resolver is from 1 to 65535, and its name a host name."
  }
}

variable "cache" {
  description = "What Unbound caches: `megabytes` of answers, for at least `min_ttl` seconds; `stale` answers, too, while it asks again."
  type = object({
    megabytes = optional(number, 64)
    min_ttl   = optional(number, 60)
    stale     = optional(bool, true)
  })
  nullable = false
  default  = {}

  validation {
    condition     = var.cache.megabytes >= 4 && var.cache.megabytes == floor(var.cache.megabytes)
    error_message = "cache.megabytes is a whole number from 4."
  }

  validation {
    condition     = var.cache.min_ttl >= 0 && var.cache.min_ttl <= 3600
    error_message = "cache.min_ttl is from 0 to 3600 seconds."
  }
}

variable "ports" {
  description = "Ports of the node: `dns`, and `web` for AdGuard Home's interface, or Pi-hole's; null publishes no interface. `host_ip` is the address that names are asked at; null is every one."
  type = object({
    dns     = optional(number, 53)
    web     = optional(number)
    host_ip = optional(string)
  })
  nullable = false
  default  = {}

  validation {
    condition     = alltrue([for n in [var.ports.dns, coalesce(var.ports.web, 1)] : n >= 1 && n <= 65535 && n == floor(n)])
    error_message = "ports.dns and ports.web are ports from 1 to 65535."
  }
}

variable "ingress" {
  description = "What the module `ingress` puts out. Null publishes nothing through it."
  type = object({
    kind          = string
    domain        = string
    network       = string
    entrypoint    = optional(string, "websecure")
    cert_resolver = optional(string)
  })
  default = null
}

variable "sso" {
  description = "What the module `auth` puts out. Null means no single sign-on."
  type = object({
    middleware = string
  })
  default = null
}

variable "images" {
  description = "Images to run instead of the module's own: `pihole`, `unbound`, `adguard`, `sync`."
  type        = map(string)
  nullable    = false
  default     = {}

  validation {
    condition     = length(setsubtract(keys(var.images), ["pihole", "unbound", "adguard", "sync"])) == 0
    error_message = "images has the keys pihole, unbound, adguard and sync."
  }
}

variable "secrets" {
  description = "Passwords for `replicas`, never in state or plan: `WEB_PASSWORD`, of AdGuard Home's user `admin`, and `REPLICA_PASSWORD`, of the same user of the replicas. adguardhome-sync takes them from its environment alone."
  type        = map(string)
  ephemeral   = true
  nullable    = false
  default     = {}

  validation {
    condition     = length(setsubtract(keys(var.secrets), ["WEB_PASSWORD", "REPLICA_PASSWORD"])) == 0
    error_message = "secrets has the keys WEB_PASSWORD and REPLICA_PASSWORD."
  }

  validation {
    condition     = length(var.secrets) == 0 || var.kind == "adguard"
    error_message = "secrets are for adguard. The password of Pi-hole's interface is made on the node; one of your own is a homelab_secret that passwords names."
  }
}

variable "passwords" {
  description = "Secrets of the node (names of `homelab_secret`, files of mode 0444) to use instead of generated ones: `web`, the password of Pi-hole's interface."
  type        = map(string)
  nullable    = false
  default     = {}

  validation {
    condition     = length(setsubtract(keys(var.passwords), ["web"])) == 0
    error_message = "The only key of passwords is web."
  }

  validation {
    condition     = length(var.passwords) == 0 || var.kind == "pihole"
    error_message = "passwords are for pihole: AdGuard Home's is password_hash."
  }
}

variable "password_hash" {
  description = "The bcrypt hash of the password of AdGuard Home's user `admin`, never in state or plan; `bcrypt(...)` makes one, another each time, so keep it. It is needed for adguard."
  type        = string
  default     = null
  ephemeral   = true

  validation {
    condition     = var.password_hash == null ? var.kind != "adguard" : can(regex("^\\$2[aby]\\$[0-9]{2}\\$[./A-Za-z0-9]{53}$", var.password_hash))
    error_message = "password_hash is a bcrypt hash, as in $2y$10$…, and needed for adguard."
  }
}

variable "replicas" {
  description = "Further instances of AdGuard Home that adguardhome-sync keeps like this one, by their URLs."
  type        = list(string)
  nullable    = false
  default     = []

  validation {
    condition     = alltrue([for url in var.replicas : can(regex("^https?://[^/\\s]+$", url))])
    error_message = "A replica is a URL without a path, as in http://10.0.20.6:3000."
  }

  validation {
    condition     = length(var.replicas) == 0 || var.kind == "adguard"
    error_message = "Only adguard has replicas."
  }
}
