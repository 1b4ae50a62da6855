variable "services" {
  description = "Which services to run, each with limits of its own where the module's do not fit, and with the host name in front of the ingress's domain. Without `storage`, Loki and Tempo keep their data on the node; Mimir needs it."
  type = map(object({
    memory = optional(string)
    cpus   = optional(number)
    host   = optional(string)
  }))
  nullable = false
  default = {
    prometheus    = {}
    alertmanager  = {}
    node-exporter = {}
    cadvisor      = {}
    grafana       = {}
    loki          = {}
    alloy         = {}
  }

  validation {
    condition     = length(var.services) > 0 && length(setsubtract(keys(var.services), local.kinds)) == 0
    error_message = "services are some of ${join(", ", local.kinds)}."
  }

  validation {
    condition     = !contains(keys(var.services), "mimir") || try(contains(keys(var.storage.users), "mimir"), false)
    error_message = "mimir needs storage that has a user called mimir: its three instances share what they keep."
  }

  validation {
    condition     = !contains(keys(var.services), "alloy") || contains(keys(var.services), "loki")
    error_message = "alloy needs loki, which it sends the containers' logs to."
  }

  validation {
    condition     = !contains(keys(var.services), "beszel-agent") || var.beszel_key != null
    error_message = "beszel-agent needs beszel_key, the public key that the hub shows under \"Add system\"."
  }

  validation {
    condition     = alltrue([for s in values(var.services) : (s.memory == null ? true : can(regex("^[1-9][0-9]*[kmg]b?$", s.memory))) && (s.cpus == null ? true : s.cpus > 0)])
    error_message = "memory of a service is a size, as in 512m; cpus is more than 0."
  }

  validation {
    condition     = alltrue([for s in values(var.services) : s.host == null ? true : can(regex("^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", s.host))])
    error_message = "host of a service is one label of a host name, as in grafana."
  }
}

variable "scrape" {
  description = "What Prometheus scrapes besides the module's own services: `scrape` of other modules, put together with `concat`."
  type = list(object({
    job     = string
    address = string
    path    = optional(string, "/metrics")
    scheme  = optional(string, "http")
    network = optional(string)
  }))
  nullable = false
  default  = []

  validation {
    condition     = alltrue([for s in var.scrape : can(regex("^[A-Za-z0-9_.-]+:[0-9]{1,5}$", s.address)) && startswith(s.path, "/") && contains(["http", "https"], s.scheme)])
    error_message = "Of scrape, address is a host and port, as in traefik:8082, path begins with a slash, and scheme is http or https."
  }

  validation {
    condition     = alltrue([for s in var.scrape : can(regex("^[A-Za-z0-9_-]+$", s.job)) && !contains(keys(local.run), s.job)])
    error_message = "A job of scrape is letters, digits, hyphens and underscores, and no service of this module."
  }
}

variable "probes" {
  description = "Addresses that are checked regularly; an alert is sent when one does not answer. Use `concat` to combine the `probes` of other modules."
  type = list(object({
    name    = string
    address = string
    network = optional(string)
  }))
  nullable = false
  default  = []

  validation {
    condition     = alltrue([for p in var.probes : can(regex("^https?://[^/]+", p.address))])
    error_message = "The address of a probe begins with http:// or https://."
  }
}

variable "networks" {
  description = "Further networks of the node, by the engine's name, that Prometheus joins to reach what it scrapes. Those that `scrape` and `probes` name need not be said again."
  type        = set(string)
  nullable    = false
  default     = []

  validation {
    condition     = alltrue([for name in var.networks : can(regex("^[a-zA-Z0-9][a-zA-Z0-9_.-]*$", name))])
    error_message = "networks are names of networks on the node, as in media_default."
  }
}

variable "storage" {
  description = "What the module `storage` puts out. Loki, Tempo and Mimir keep their data there where it has a user of that name."
  type = object({
    endpoint = string
    insecure = optional(bool, false)
    region   = optional(string, "us-east-1")
    network  = optional(string)
    users = map(object({
      access_key = string
      secret     = string
      buckets    = list(string)
    }))
  })
  default = null

  validation {
    condition     = var.storage == null ? true : alltrue([for u in values(var.storage.users) : length(u.buckets) > 0])
    error_message = "Each user of storage has a bucket."
  }
}

variable "retention" {
  description = "How long data is kept: `metrics` by Prometheus, `logs` by Loki, `traces` by Tempo, `long_term` by Mimir; in hours, days, weeks or years."
  type = object({
    metrics   = optional(string, "15d")
    logs      = optional(string, "30d")
    traces    = optional(string, "7d")
    long_term = optional(string, "1y")
  })
  nullable = false
  default  = {}

  validation {
    condition     = alltrue([for r in values(var.retention) : can(regex("^[1-9][0-9]*[hdwy]$", r))])
    error_message = "A retention is a number of hours, days, weeks or years, as in 15d."
  }
}

variable "alerts" {
  description = "Alerts besides the module's own, by name: a PromQL expression, how long it has to hold, and what to say."
  type = map(object({
    expr     = string
    for      = optional(string, "5m")
    severity = optional(string, "warning")
    summary  = string
  }))
  nullable = false
  default  = {}

  validation {
    condition     = alltrue([for name, a in var.alerts : can(regex("^[A-Za-z][A-Za-z0-9_]*$", name)) && can(regex("^([0-9]+(ms|[smhdwy]))+$", a.for))])
    error_message = "An alert's name is letters, digits and underscores; its for is a duration, as in 5m."
  }

  validation {
    condition     = alltrue([for a in values(var.alerts) : contains(["critical", "warning", "info"], a.severity)])
    error_message = "The severity of an alert is critical, warning or info."
  }
}

variable "alert_webhooks" {
  description = "Addresses that Alertmanager posts alerts to, by a name of your own; one with a token in it belongs into `secrets`. Without any, alerts show in its web interface and in Grafana only."
  type        = map(string)
  nullable    = false
  default     = {}

  validation {
    condition     = alltrue([for u in values(var.alert_webhooks) : can(regex("^https?://[^/]+", u))])
    error_message = "A webhook's address begins with http:// or https://."
  }
}

variable "dashboards" {
  description = "Grafana dashboards besides the module's own, as JSON, by a name of your own."
  type        = map(string)
  nullable    = false
  default     = {}

  validation {
    condition     = alltrue([for name, d in var.dashboards : can(regex("^[a-z0-9-]+$", name)) && can(jsondecode(d).title)])
    error_message = "A dashboard is JSON with a title; its name is lower-case letters, digits and hyphens."
  }
}

variable "beszel_key" {
  description = "Public key of the Beszel hub, which its agent trusts."
  type        = string
  default     = null

  validation {
    condition     = var.beszel_key == null ? true : startswith(var.beszel_key, "ssh-")
    error_message = "beszel_key is a public key, as in \"ssh-ed25519 AAAA…\"."
  }
}

variable "otlp" {
  description = "Address of the node at which Tempo takes traces (OTLP, 4317 and 4318) from outside the stack's networks, as in 127.0.0.1. Null publishes neither."
  type        = string
  default     = null

  validation {
    condition     = var.otlp == null ? true : can(cidrhost("${var.otlp}/32", 0))
    error_message = "otlp is an IPv4 address of the node."
  }
}

variable "engine_socket" {
  description = "The engine's socket on the node. Only a proxy that lets through reading, and nothing else, sees it."
  type        = string
  nullable    = false
  default     = "/var/run/docker.sock"

  validation {
    condition     = startswith(var.engine_socket, "/")
    error_message = "engine_socket is an absolute path."
  }
}

variable "secrets" {
  description = "Secrets of the node (names of `homelab_secret`, files of mode 0444): `grafana`, its administrator's password, instead of a generated one; and `webhook-` with a name of your own, an address that Alertmanager posts alerts to, where it has a token in it."
  type        = map(string)
  nullable    = false
  default     = {}

  validation {
    condition     = alltrue([for key in keys(var.secrets) : can(regex("^(grafana|webhook-[a-z0-9-]+)$", key))])
    error_message = "A key of secrets is grafana, or webhook- and a name of your own."
  }
}
