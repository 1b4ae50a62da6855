variable "services" {
  description = "Which services to run: `crowdsec`, `fail2ban`, `wazuh` (manager, indexer and dashboard) and `netalertx`, each with limits of its own where the module's do not fit, and with the host name in front of the ingress's domain."
  type = map(object({
    memory = optional(string)
    cpus   = optional(number)
    host   = optional(string)
  }))
  nullable = false
  default  = { crowdsec = {} }

  validation {
    condition     = length(var.services) > 0 && length(setsubtract(keys(var.services), ["crowdsec", "fail2ban", "wazuh", "netalertx"])) == 0
    error_message = "services are some of crowdsec, fail2ban, wazuh and netalertx."
  }

  validation {
    condition     = !contains(keys(var.services), "fail2ban") || length(var.jails) > 0
    error_message = "fail2ban needs jails."
  }

  validation {
    condition     = !contains(keys(var.services), "netalertx") || length(var.netalertx.subnets) > 0
    error_message = "netalertx needs netalertx.subnets, which it watches."
  }

  validation {
    condition     = alltrue([for s in values(var.services) : (s.memory == null ? true : can(regex("^[1-9][0-9]*[kmg]b?$", s.memory))) && (s.cpus == null ? true : s.cpus > 0)])
    error_message = "memory of a service is a size, as in 512m; cpus is more than 0."
  }

  validation {
    condition     = alltrue([for s in values(var.services) : s.host == null ? true : can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", s.host))])
    error_message = "host is a host name without a domain: 1 to 63 lower-case letters, digits and hyphens, no hyphen at either end."
  }
}

variable "logs" {
  description = "Directories with logs, by a name of your own: `source` is an absolute path on the node or a named volume of another stack, `files` the files in it. CrowdSec reads those that have a `type`, which is what wrote them: traefik, nginx, nginx-proxy-manager, caddy, syslog and so on. With `create`, files that are not there yet are made, empty and of their directory's owner: Fail2Ban does not start without, and an ingress that asks this module's bouncer starts later."
  type = map(object({
    source = string
    files  = optional(list(string), ["*.log"])
    type   = optional(string)
    create = optional(bool, false)
  }))
  nullable = false
  default  = {}

  validation {
    condition     = alltrue([for name in keys(var.logs) : can(regex("^[a-z0-9][a-z0-9-]*$", name))])
    error_message = "The name of logs is lower-case letters, digits and hyphens."
  }

  validation {
    condition     = alltrue([for l in values(var.logs) : can(regex("^(/.+|[a-zA-Z0-9][a-zA-Z0-9_.-]*)$", l.source))])
    error_message = "The source of logs is an absolute path on the node or the name of a volume."
  }

  validation {
    condition     = alltrue([for l in values(var.logs) : length(l.files) > 0 && alltrue([for f in l.files : can(regex("^[^/].*$", f)) && !strcontains(f, "..")])])
    error_message = "files of logs are file names below their source, as in access.log or *.log."
  }

  validation {
    condition     = alltrue([for l in values(var.logs) : !l.create || alltrue([for f in l.files : can(regex("^[A-Za-z0-9._/-]+$", f))])])
    error_message = "files of logs that are to be made are names, without * and other patterns."
  }

  # Here, so that nothing that `bouncer` is made of depends on logs: the ingress that
  # asks it may be the one that writes them.
  validation {
    condition     = alltrue([for j in values(var.jails) : contains(keys(var.logs), j.log)])
    error_message = "The log of each of jails is one of logs."
  }
}

variable "crowdsec" {
  description = "`collections` of the hub besides those that the types of `logs` call for; addresses that are `trusted` and never banned; whether attacks are shared with CrowdSec's community, whose block list one gets in return."
  type = object({
    collections = optional(set(string), [])
    trusted     = optional(set(string), [])
    community   = optional(bool, true)
  })
  nullable = false
  default  = {}

  validation {
    condition     = alltrue([for c in var.crowdsec.collections : can(regex("^[a-z0-9_.-]+/[A-Za-z0-9_.-]+$", c))])
    error_message = "A collection is written as in crowdsecurity/sshd."
  }

  validation {
    condition     = alltrue([for t in var.crowdsec.trusted : can(cidrhost(strcontains(t, "/") ? t : "${t}/32", 0)) || can(cidrhost("${t}/128", 0))])
    error_message = "trusted has addresses and ranges, as in 192.168.1.0/24."
  }
}

variable "jails" {
  description = "Fail2Ban's jails by name: the log (a name of `logs`) and its files, the lines that count as a failure (`filter` names one of Fail2Ban's own, `failregex` are regular expressions with `<HOST>`), how many within which time lead to a ban of how long, and the chain that drops packets: `DOCKER-USER` for containers' published ports, `INPUT` for the node's own, as ssh."
  type = map(object({
    log       = string
    files     = optional(list(string))
    filter    = optional(string)
    failregex = optional(list(string), [])
    ignore    = optional(list(string), [])
    maxretry  = optional(number, 5)
    findtime  = optional(string, "10m")
    bantime   = optional(string, "1h")
    chain     = optional(string, "DOCKER-USER")
  }))
  nullable = false
  default  = {}

  validation {
    condition     = alltrue([for name in keys(var.jails) : can(regex("^[a-z0-9][a-z0-9-]*$", name)) && length(name) + length(var.name) <= 23])
    error_message = "A jail's name is lower-case letters, digits and hyphens, at most 23 together with name: iptables' chain is called after both."
  }

  validation {
    condition     = alltrue([for j in values(var.jails) : (j.filter == null) != (length(j.failregex) == 0) && alltrue([for r in j.failregex : strcontains(r, "<HOST>")])])
    error_message = "A jail has either filter or failregex, and each failregex has <HOST>."
  }

  validation {
    condition     = alltrue([for j in values(var.jails) : j.maxretry >= 1 && alltrue([for t in [j.findtime, j.bantime] : can(regex("^[1-9][0-9]*(s|m|h|d|w)?$", t))])])
    error_message = "maxretry of a jail is at least 1; findtime and bantime are times, as in 10m."
  }

  validation {
    condition     = alltrue([for j in values(var.jails) : contains(["DOCKER-USER", "INPUT"], j.chain)])
    error_message = "chain of a jail is DOCKER-USER or INPUT."
  }
}

variable "netalertx" {
  description = "Subnets that NetAlertX watches, each with the node's interface in it, and the ports that it takes on the node, whose network it shares."
  type = object({
    subnets      = optional(map(string), {})
    port         = optional(number, 20211)
    graphql_port = optional(number, 20212)
  })
  nullable = false
  default  = {}

  validation {
    condition     = alltrue([for cidr, interface in var.netalertx.subnets : can(cidrhost(cidr, 0)) && can(regex("^[A-Za-z0-9@._-]{1,15}$", interface))])
    error_message = "netalertx.subnets maps a range to an interface, as in { \"192.168.1.0/24\" = \"eth0\" }."
  }

  validation {
    condition     = alltrue([for p in [var.netalertx.port, var.netalertx.graphql_port] : p >= 1 && p <= 65535 && p == floor(p)]) && var.netalertx.port != var.netalertx.graphql_port
    error_message = "netalertx.port and graphql_port are two ports from 1 to 65535."
  }
}

variable "wazuh" {
  description = "The indexer's Java heap; the least vm.max_map_count that the node's kernel has to have; and the address of the node at which agents report (1514 and 1515), null for nowhere. `open_files` is how many files the manager may have open: no more than the engine itself may, where it runs without root."
  type = object({
    heap          = optional(string, "1g")
    max_map_count = optional(number, 262144)
    agents        = optional(string)
    open_files    = optional(number, 655360)
  })
  nullable = false
  default  = {}

  validation {
    condition     = can(regex("^[1-9][0-9]*[mg]$", var.wazuh.heap))
    error_message = "wazuh.heap is a size, as in 1g."
  }

  validation {
    condition     = var.wazuh.max_map_count >= 1 && var.wazuh.max_map_count == floor(var.wazuh.max_map_count)
    error_message = "wazuh.max_map_count is a whole number from 1."
  }

  validation {
    condition     = var.wazuh.agents == null ? true : can(cidrhost("${var.wazuh.agents}/32", 0))
    error_message = "wazuh.agents is an IPv4 address of the node."
  }

  validation {
    condition     = var.wazuh.open_files >= 1024 && var.wazuh.open_files == floor(var.wazuh.open_files)
    error_message = "wazuh.open_files is a whole number from 1024."
  }
}

variable "secrets" {
  description = "Secrets of the node (names of `homelab_secret`, files of mode 0444) to use instead of generated ones: `bouncer`, the key with which the bouncer asks CrowdSec; `wazuh`, `wazuh-dashboard` and `wazuh-api`, the passwords of Wazuh's administrator, of its dashboard at the indexer, and of its API."
  type        = map(string)
  nullable    = false
  default     = {}

  validation {
    condition     = length(setsubtract(keys(var.secrets), ["bouncer", "wazuh", "wazuh-dashboard", "wazuh-api"])) == 0
    error_message = "A key of secrets is bouncer, wazuh, wazuh-dashboard or wazuh-api."
  }
}
