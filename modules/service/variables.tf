variable "name" {
  description = "Name of the service in its stack; other services of the stack reach it by this name."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", var.name))
    error_message = "name is a host name: 1 to 63 lower-case letters, digits and hyphens, no hyphen at either end."
  }
}

variable "image" {
  description = "Image with a version, as in `lscr.io/linuxserver/radarr:5.15.1`, or with a digest."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("(:[A-Za-z0-9_][A-Za-z0-9_.-]*|@sha256:[0-9a-f]{64})$", var.image))
    error_message = "image needs a tag or a digest, as in nginx:1.29.3 or nginx@sha256:…."
  }

  validation {
    condition     = !endswith(var.image, ":latest")
    error_message = "image must not be latest: nobody could tell what runs, or go back to it. Name a version."
  }
}

variable "user" {
  description = "Who the program runs as. Null leaves it to the image."
  type = object({
    uid   = number
    gid   = number
    umask = optional(string, "022")
  })
  default = null

  validation {
    condition     = alltrue([for id in var.user == null ? [] : [var.user.uid, var.user.gid] : id >= 0 && id == floor(id)])
    error_message = "user.uid and user.gid are whole numbers from 0."
  }

  validation {
    condition     = var.user == null ? true : can(regex("^0?[0-7]{3}$", var.user.umask))
    error_message = "user.umask is three octal digits, as in \"022\"."
  }
}

variable "user_convention" {
  description = "How the image takes `user`: `user` has the engine start it so; `linuxserver` gives it `PUID`, `PGID` and `UMASK`, which images of linuxserver.io read; `environment` gives it `UID`, `GID` and `UMASK`."
  type        = string
  nullable    = false
  default     = "user"

  validation {
    condition     = contains(["user", "linuxserver", "environment"], var.user_convention)
    error_message = "user_convention is user, linuxserver or environment."
  }
}

variable "timezone" {
  description = "Time zone, given to the program as `TZ`."
  type        = string
  nullable    = false
  default     = "Etc/UTC"

  validation {
    condition     = can(regex("^[A-Z][A-Za-z]+(/[A-Za-z0-9_+-]+)*$", var.timezone))
    error_message = "timezone is a name of the time zone database, as in Europe/Madrid."
  }
}

variable "environment" {
  description = "Environment variables. No secrets: give those as `secrets`."
  type        = map(string)
  nullable    = false
  default     = {}

  validation {
    condition     = alltrue([for name in keys(var.environment) : can(regex("^[^=\\s]+$", name))])
    error_message = "The name of an environment variable has neither blanks nor an equals sign."
  }
}

variable "command" {
  description = "Command in place of the image's, a word each. Null keeps the image's."
  type        = list(string)
  default     = null
}

variable "entrypoint" {
  description = "Entrypoint in place of the image's, a word each. Null keeps the image's."
  type        = list(string)
  default     = null
}

variable "restart" {
  description = "What the engine does when the program ends: `unless-stopped`, `always`, `on-failure` or `no`."
  type        = string
  nullable    = false
  default     = "unless-stopped"

  validation {
    condition     = contains(["unless-stopped", "always", "on-failure", "no"], var.restart)
    error_message = "restart is unless-stopped, always, on-failure or no."
  }
}

variable "stop_grace_period" {
  description = "How long the program may take to end before it is killed, as in `30s`."
  type        = string
  nullable    = false
  default     = "30s"

  validation {
    condition     = can(regex("^([0-9]+(h|m|s|ms))+$", var.stop_grace_period))
    error_message = "stop_grace_period is a duration, as in 30s or 1m30s."
  }
}

variable "healthcheck" {
  description = "How to tell that the service works: `test` is a command of the image's own, a word each. Null keeps the image's own check."
  type = object({
    test         = list(string)
    interval     = optional(string, "30s")
    timeout      = optional(string, "5s")
    retries      = optional(number, 5)
    start_period = optional(string, "30s")
  })
  default = null

  validation {
    condition     = var.healthcheck == null ? true : length(var.healthcheck.test) > 0
    error_message = "healthcheck.test is a command: at least one word."
  }

  validation {
    condition = alltrue([for d in var.healthcheck == null ? [] : [var.healthcheck.interval, var.healthcheck.timeout, var.healthcheck.start_period] :
    can(regex("^([0-9]+(h|m|s|ms))+$", d))])
    error_message = "healthcheck.interval, timeout and start_period are durations, as in 30s."
  }

  validation {
    condition     = var.healthcheck == null ? true : var.healthcheck.retries >= 1
    error_message = "healthcheck.retries is at least 1."
  }
}

variable "depends_on_services" {
  description = "Services of the same stack that have to be there first, and what is waited for: `service_started`, `service_healthy` or `service_completed_successfully`."
  type        = map(string)
  nullable    = false
  default     = {}

  validation {
    condition     = alltrue([for c in values(var.depends_on_services) : contains(["service_started", "service_healthy", "service_completed_successfully"], c)])
    error_message = "A value of depends_on_services is service_started, service_healthy or service_completed_successfully."
  }
}
