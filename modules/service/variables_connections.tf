variable "mounts" {
  description = "What is mounted, by its path in the container. `source` is an absolute path on the node, a path that begins with `./` (a file or directory beside the configuration, which is delivered), or a named volume."
  type = map(object({
    source    = string
    read_only = optional(bool, false)
  }))
  nullable = false
  default  = {}

  validation {
    condition     = alltrue([for target in keys(var.mounts) : startswith(target, "/") && target != "/"])
    error_message = "A key of mounts is an absolute path in the container."
  }

  validation {
    condition     = alltrue([for m in values(var.mounts) : can(regex("^(/|\\./|[a-zA-Z0-9][a-zA-Z0-9_.-]*$)", m.source))])
    error_message = "The source of a mount is an absolute path, a path that begins with ./, or a volume's name."
  }

  validation {
    condition     = !contains([for m in values(var.mounts) : m.source], "/var/run/docker.sock")
    error_message = "The engine's socket gives a service control of the complete node. Reach the engine through a proxy that allows only what the service needs."
  }
}

variable "files" {
  description = "Text files of the configuration, by their path in the container. They are readable by everybody in it: no secrets."
  type        = map(string)
  nullable    = false
  default     = {}

  validation {
    condition     = alltrue([for path in keys(var.files) : startswith(path, "/") && !endswith(path, "/")])
    error_message = "A key of files is an absolute path in the container."
  }
}

variable "ports" {
  description = "Ports published on the node, by a name of your own. `host_ip` limits who can reach it."
  type = map(object({
    host      = number
    container = number
    protocol  = optional(string, "tcp")
    host_ip   = optional(string)
  }))
  nullable = false
  default  = {}

  validation {
    condition     = alltrue([for p in values(var.ports) : alltrue([for n in [p.host, p.container] : n >= 1 && n <= 65535 && n == floor(n)])])
    error_message = "A port is a whole number from 1 to 65535."
  }

  validation {
    condition     = alltrue([for p in values(var.ports) : contains(["tcp", "udp", "sctp"], p.protocol)])
    error_message = "The protocol of a port is tcp, udp or sctp."
  }
}

variable "networks" {
  description = "Networks of the stack that the service is on, each with the aliases it has there. Without any it is on the stack's default network."
  type = map(object({
    aliases      = optional(list(string), [])
    ipv4_address = optional(string)
  }))
  nullable = false
  default  = {}

  validation {
    condition     = alltrue([for n in values(var.networks) : n.ipv4_address == null ? true : can(cidrhost("${n.ipv4_address}/32", 0))])
    error_message = "ipv4_address is an IPv4 address, as in 10.0.20.5."
  }
}

variable "network_mode" {
  description = "Network namespace in place of networks: `host`, or `service:NAME` for that of another service, as behind a VPN. Null gives the service its own."
  type        = string
  default     = null

  validation {
    condition     = var.network_mode == null ? true : can(regex("^(host|none|service:[a-z0-9][a-z0-9-]*)$", var.network_mode))
    error_message = "network_mode is host, none or service:NAME."
  }

  validation {
    condition     = var.network_mode == null ? true : length(var.networks) == 0 && length(var.ports) == 0
    error_message = "A service with network_mode has no networks and ports of its own: publish them on the service whose namespace it shares."
  }
}

variable "secrets" {
  description = "Secrets of the stack that the service reads as files, by the file's name below /run/secrets."
  type = map(object({
    source = optional(string)
    mode   = optional(string, "0400")
  }))
  nullable = false
  default  = {}

  validation {
    condition     = alltrue([for s in values(var.secrets) : can(regex("^0[0-7]{3}$", s.mode))])
    error_message = "The mode of a secret is octal, as in \"0400\"."
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

variable "web" {
  description = "The service's web interface: `port` in the container, `host` in front of the ingress's domain (the service's name by default), and whether it is behind single sign-on."
  type = object({
    port   = number
    host   = optional(string)
    scheme = optional(string, "http")
    sso    = optional(bool, true)
  })
  default = null

  validation {
    condition     = var.web == null ? true : var.web.port >= 1 && var.web.port <= 65535
    error_message = "web.port is a port from 1 to 65535."
  }

  validation {
    condition     = try(var.web.host, null) == null ? true : can(regex("^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$", var.web.host))
    error_message = "web.host is the part of a host name in front of the domain, in lower case, as in app."
  }

  validation {
    condition     = var.web == null ? true : contains(["http", "https"], var.web.scheme)
    error_message = "web.scheme is http or https."
  }
}

variable "dashboard" {
  description = "The service's entry on a dashboard: Homepage reads it from labels. Null leaves it out, and has Homarr not list the container."
  type = object({
    group       = string
    title       = optional(string)
    icon        = optional(string)
    description = optional(string)
  })
  default = null
}

variable "metrics" {
  description = "Where the service offers Prometheus metrics; `scrape` of the module passes it on, and labels say it to who discovers containers. Null means nowhere."
  type = object({
    port = number
    path = optional(string, "/metrics")
  })
  default = null

  validation {
    condition     = var.metrics == null ? true : var.metrics.port >= 1 && var.metrics.port <= 65535 && var.metrics.port == floor(var.metrics.port) && startswith(var.metrics.path, "/")
    error_message = "metrics.port is a port from 1 to 65535, and metrics.path begins with a slash."
  }
}

variable "monitor" {
  description = "How Uptime Kuma asks whether the service answers, in labels that AutoKuma makes monitors of: `url`, where the ingress offers it unless it is given, every `interval` seconds. Null, and a service with neither, has no monitor."
  type = object({
    url      = optional(string)
    interval = optional(number, 60)
  })
  default = {}

  validation {
    condition     = try(var.monitor.url, null) == null ? true : can(regex("^https?://[^/\\s]+", var.monitor.url))
    error_message = "monitor.url begins with http:// or https://."
  }

  validation {
    condition     = var.monitor == null ? true : var.monitor.interval >= 20 && var.monitor.interval == floor(var.monitor.interval)
    error_message = "monitor.interval is a whole number of seconds from 20, Uptime Kuma's shortest."
  }
}

variable "criticality" {
  description = "What stops when the service does: `critical`, `high`, `normal` or `low`. Diagrams and alerts read it."
  type        = string
  nullable    = false
  default     = "normal"

  validation {
    condition     = contains(["critical", "high", "normal", "low"], var.criticality)
    error_message = "criticality is critical, high, normal or low."
  }
}

variable "labels" {
  description = "Further labels."
  type        = map(string)
  nullable    = false
  default     = {}
}
