variable "node" {
  description = "Name of the node, as in the provider's `nodes`. Null leaves it to the provider, which has one node then."
  type        = string
  default     = null
}

variable "name" {
  description = "Name of the stack. Give each its own where a node runs the module twice."
  type        = string
  nullable    = false
  default     = "storage"

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

variable "user" {
  description = "`uid` and `gid` that MinIO runs as and that own `data_root`. Null leaves it to the image."
  type = object({
    uid = number
    gid = number
  })
  default = null

  validation {
    condition     = alltrue([for id in var.user == null ? [] : [var.user.uid, var.user.gid] : id >= 0 && id == floor(id)])
    error_message = "user.uid and user.gid are whole numbers from 0."
  }
}

variable "data_root" {
  description = "Directory on the node below which the objects are kept, in `minio`, which is made. Null keeps them in a named volume."
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

  validation {
    condition     = var.data_root == null || var.user != null
    error_message = "data_root needs user: the directory has to belong to who MinIO runs as."
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
  description = "What the module `auth` puts out, for the console. Null means no single sign-on."
  type = object({
    middleware = string
  })
  default = null
}

variable "images" {
  description = "Images to run instead of the module's own: `minio` and `setup`."
  type        = map(string)
  nullable    = false
  default     = {}

  validation {
    condition     = alltrue([for service in keys(var.images) : contains(["minio", "setup"], service)])
    error_message = "A key of images is minio or setup."
  }
}

variable "limits" {
  description = "Memory and processors of MinIO."
  type = object({
    memory = optional(string, "1g")
    cpus   = optional(number, 2)
  })
  nullable = false
  default  = {}

  validation {
    condition     = can(regex("^[1-9][0-9]*[kmg]b?$", var.limits.memory)) && var.limits.cpus > 0
    error_message = "limits.memory is a size, as in 1g; limits.cpus is more than 0."
  }
}
