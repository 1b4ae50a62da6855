variable "node" {
  description = "Name of the node, as in the provider's `nodes`."
  type        = string
  nullable    = false
}

variable "name" {
  description = "Name of the stack, and of the network that the ingress shares with what it serves."
  type        = string
  nullable    = false
  default     = "ingress"

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9_-]*$", var.name))
    error_message = "name is lower-case letters, digits, hyphens and underscores, as in ingress."
  }
}

variable "kind" {
  description = "What serves: `traefik`, which finds services by their labels; `nginx`, a gateway for `routes`; or `npm`, NGINX Proxy Manager, whose hosts are added in its interface."
  type        = string
  nullable    = false
  default     = "traefik"

  validation {
    condition     = contains(["traefik", "nginx", "npm"], var.kind)
    error_message = "kind is traefik, nginx or npm."
  }
}

variable "domain" {
  description = "Domain that services are offered below, as in `home.arpa`."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]([a-z0-9-]*[a-z0-9])?$", var.domain))
    error_message = "domain is a host name of two labels or more, in lower case, as in home.arpa."
  }
}

variable "address" {
  description = "Address at which others reach the ingress, for the split-horizon records in the output `rewrites`. Null makes none."
  type        = string
  default     = null

  validation {
    condition     = var.address == null ? true : can(cidrhost("${var.address}/32", 0)) || can(cidrhost("${var.address}/128", 0))
    error_message = "address is an IP address, as in 10.0.20.5."
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

variable "networks" {
  description = "Existing networks of stacks that the ingress serves there, too, besides its own."
  type        = set(string)
  nullable    = false
  default     = []

  validation {
    condition     = alltrue([for name in var.networks : can(regex("^[a-zA-Z0-9][a-zA-Z0-9_.-]*$", name))])
    error_message = "networks are names of networks on the node, as in media_default."
  }
}

variable "ports" {
  description = "Ports of the node: `http`, `https`, and `admin` for NGINX Proxy Manager's interface. `host_ip` limits who can reach the first two; `admin` is reached from the node alone unless `admin_ip` says otherwise."
  type = object({
    http     = optional(number, 80)
    https    = optional(number, 443)
    admin    = optional(number, 81)
    host_ip  = optional(string)
    admin_ip = optional(string, "127.0.0.1")
  })
  nullable = false
  default  = {}

  validation {
    condition     = alltrue([for n in [var.ports.http, var.ports.https, var.ports.admin] : n >= 1 && n <= 65535 && n == floor(n)]) && length(distinct([var.ports.http, var.ports.https, var.ports.admin])) == 3
    error_message = "http, https and admin are three different ports from 1 to 65535."
  }
}

variable "routes" {
  description = "What to serve that has no labels of its own: the outputs `route` of services. `upstream` is reached on the ingress's network or on one of `networks`; where its name has several addresses, requests that one of them fails go to the next. `sso` puts it behind single sign-on."
  type = list(object({
    host     = string
    upstream = string
    sso      = optional(bool, false)
  }))
  nullable = false
  default  = []

  validation {
    condition     = alltrue([for r in var.routes : can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z0-9-]+$", r.host))])
    error_message = "The host of a route is a host name in lower case, as in app.home.arpa."
  }

  validation {
    condition     = alltrue([for r in var.routes : can(regex("^https?://[A-Za-z0-9_.-]+(:[0-9]+)?$", r.upstream))])
    error_message = "The upstream of a route is http:// or https:// with a host and a port, as in http://app:8000, and no path."
  }

  validation {
    condition     = length(distinct(var.routes[*].host)) == length(var.routes)
    error_message = "Two routes have the same host."
  }

  validation {
    condition     = var.kind != "npm" || length(var.routes) == 0
    error_message = "NGINX Proxy Manager has its hosts in its own interface: routes are for traefik and nginx."
  }

  validation {
    condition     = alltrue([for r in var.routes : !r.sso || var.sso != null])
    error_message = "A route is behind single sign-on, and sso is not given."
  }

  validation {
    condition     = alltrue([for r in var.routes : !r.sso || var.kind != "nginx" || try(var.sso.auth_request, null) != null])
    error_message = "A route is behind single sign-on, and sso has no auth_request, which nginx asks."
  }
}

variable "sso" {
  description = "What the module `auth` puts out: Traefik's `middleware`, and for nginx `auth_request`, the URL that answers whether a request may pass, and `sign_in`, where to send who has not signed in."
  type = object({
    middleware   = string
    auth_request = optional(string)
    sign_in      = optional(string)
  })
  default = null

  validation {
    condition     = alltrue([for url in [try(var.sso.auth_request, null), try(var.sso.sign_in, null)] : url == null ? true : can(regex("^https?://[^/\\s\";]+[^\\s\";]*$", url))])
    error_message = "sso.auth_request and sign_in are URLs."
  }
}

variable "bouncer" {
  description = "What the module `security` puts out: who answers whether an address may pass. Every request is asked about, and none is served before the bouncer is there. Null asks nobody."
  type = object({
    middleware = string
    address    = string
    network    = optional(string)
  })
  default = null

  validation {
    condition     = var.bouncer == null ? true : can(regex("^https?://[^/\\s\";]+[^\\s\";]*$", var.bouncer.address))
    error_message = "bouncer.address is a URL, as in http://security-bouncer:8080/verify."
  }

  validation {
    condition     = var.bouncer == null || var.kind != "npm"
    error_message = "NGINX Proxy Manager asks no bouncer: use traefik or nginx."
  }

  validation {
    condition     = var.bouncer == null || var.kind != "nginx" || !anytrue(var.routes[*].sso)
    error_message = "nginx asks one service about a request: a route cannot be behind both single sign-on and the bouncer. Use traefik."
  }
}

variable "dashboard" {
  description = "Host of Traefik's dashboard in front of the domain, as in `traefik`. It is only there behind single sign-on. Null leaves it out."
  type        = string
  default     = null

  validation {
    condition     = var.dashboard == null ? true : can(regex("^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", var.dashboard))
    error_message = "dashboard is one label of a host name, as in traefik."
  }

  validation {
    condition     = var.dashboard == null || var.kind == "traefik"
    error_message = "Only traefik has a dashboard."
  }

  validation {
    condition     = var.dashboard == null || var.sso != null
    error_message = "The dashboard shows everything that is served: give sso, too."
  }
}

variable "engine_socket" {
  description = "The engine's socket on the node, which a proxy lets Traefik read lists of containers from and nothing else."
  type        = string
  nullable    = false
  default     = "/var/run/docker.sock"

  validation {
    condition     = startswith(var.engine_socket, "/")
    error_message = "engine_socket is an absolute path."
  }
}

variable "images" {
  description = "Images to run instead of the module's own: `traefik`, `engine`, `nginx`, `certbot`, `npm`."
  type        = map(string)
  nullable    = false
  default     = {}

  validation {
    condition     = length(setsubtract(keys(var.images), ["traefik", "engine", "nginx", "certbot", "npm"])) == 0
    error_message = "images has the keys traefik, engine, nginx, certbot and npm."
  }
}
