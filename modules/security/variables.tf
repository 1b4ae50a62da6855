variable "node" {
  description = "Name of the node, as in the provider's `nodes`. Null leaves it to the provider, which has one node then."
  type        = string
  default     = null
}

variable "name" {
  description = "Name of the stack. Give each its own where a node runs the module twice."
  type        = string
  nullable    = false
  default     = "security"

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9_-]*$", var.name))
    error_message = "name begins with a lower-case letter or digit, and has only those, hyphens and underscores."
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

variable "data_root" {
  description = "Directory on the node below which each service keeps its data, in a directory of its name, which is made. Null keeps the data in named volumes."
  type        = string
  default     = null

  validation {
    condition     = var.data_root == null ? true : can(regex("^/[^/].*[^/]$", var.data_root))
    error_message = "data_root is an absolute path that does not end with a slash, as in /mnt/data."
  }

  validation {
    condition     = var.data_root == null || var.node != null
    error_message = "data_root needs node, on which its directories are made."
  }
}

variable "ingress" {
  description = "What the module `ingress` puts out. Null publishes nothing."
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
  description = "Images to run instead of the module's own, by service."
  type        = map(string)
  nullable    = false
  default     = {}

  validation {
    condition     = alltrue([for image in values(var.images) : can(regex("(:[A-Za-z0-9_][A-Za-z0-9_.-]*|@sha256:[0-9a-f]{64})$", image)) && !endswith(image, ":latest")])
    error_message = "An image has a tag that names a version (never latest) or a digest, as in crowdsecurity/crowdsec:v1.7.3."
  }

  validation {
    condition     = length(setsubtract(keys(var.images), keys(local.images))) == 0
    error_message = "A key of images is one of ${join(", ", keys(local.images))}."
  }
}
