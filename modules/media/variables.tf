variable "node" {
  description = "Name of the node, as in the provider's `nodes`."
  type        = string
  nullable    = false
  default     = "local"
}

variable "name" {
  description = "Name of the stack."
  type        = string
  nullable    = false
  default     = "media"

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9_-]{0,39}$", var.name))
    error_message = "name is 1 to 40 lower-case letters, digits, hyphens and underscores, a letter or digit first."
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
  description = "`uid` and `gid` that the services run as and that own their files."
  type = object({
    uid   = number
    gid   = number
    umask = optional(string, "002")
  })
  nullable = false

  validation {
    condition     = alltrue([for id in [var.user.uid, var.user.gid] : id >= 1 && id == floor(id)])
    error_message = "user.uid and user.gid are whole numbers from 1: nothing here needs root's files."
  }

  validation {
    condition     = can(regex("^0?[0-7]{3}$", var.user.umask))
    error_message = "user.umask is three octal digits, as in \"002\"."
  }
}

variable "data_root" {
  description = "Directory of the node with media and downloads. Services see it as `/data`, in one mount: what is downloaded is moved or linked to the media without a copy. It is to be one file system."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^(/[^/:]+)+$", var.data_root))
    error_message = "data_root is an absolute path without a slash at its end, as in /data."
  }
}

variable "media_root" {
  description = "Directory of the media, below `data_root`. Null means `media` there."
  type        = string
  default     = null

  validation {
    condition     = var.media_root == null ? true : can(regex("^(/[^/:]+)+$", var.media_root)) && startswith(var.media_root, "${var.data_root}/")
    error_message = "media_root is a path below data_root: media and downloads have to be in one mount, or links and moves between them are copies."
  }
}

variable "downloads_root" {
  description = "Directory of the downloads, below `data_root`. Null means `downloads` there."
  type        = string
  default     = null

  validation {
    condition     = var.downloads_root == null ? true : can(regex("^(/[^/:]+)+$", var.downloads_root)) && startswith(var.downloads_root, "${var.data_root}/")
    error_message = "downloads_root is a path below data_root: media and downloads have to be in one mount, or links and moves between them are copies."
  }

  validation {
    condition     = var.downloads_root == null ? true : var.downloads_root != coalesce(var.media_root, "${var.data_root}/media")
    error_message = "downloads_root is another directory than media_root: what is half downloaded is no media."
  }
}

variable "config_root" {
  description = "Directory of the node for the services' own configuration, a directory below it for each. Null means `/srv/NAME`."
  type        = string
  default     = null

  validation {
    condition     = var.config_root == null ? true : can(regex("^(/[^/:]+)+$", var.config_root))
    error_message = "config_root is an absolute path without a slash at its end, as in /srv/appdata."
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
  description = "Images to run instead of the module's own, by the name of a service or by its kind."
  type        = map(string)
  nullable    = false
  default     = {}

  validation {
    condition     = alltrue([for image in values(var.images) : can(regex("(:[A-Za-z0-9_][A-Za-z0-9_.-]*|@sha256:[0-9a-f]{64})$", image)) && !endswith(image, ":latest")])
    error_message = "An image has a tag that names a version (never latest) or a digest, as in lscr.io/linuxserver/radarr:5.27.5."
  }

  validation {
    condition     = alltrue([for name in keys(var.images) : contains(concat(keys(local.images), keys(var.services)), replace(name, "/-(es|redis)$/", ""))])
    error_message = "A key of images is the name of a service, or a kind, as in radarr."
  }
}

variable "secrets" {
  description = "Names of `homelab_secret`s of the node to use instead of generated ones: `NAME-password` (root's) and `NAME-elastic-password` (uid 1000, mode 0400) of a Tube Archivist; `NAME-claim` of a Plex, which is never generated."
  type        = map(string)
  nullable    = false
  default     = {}

  validation {
    condition = alltrue([for key in keys(var.secrets) : anytrue([for name, s in var.services :
      contains({ tubearchivist = ["${name}-password", "${name}-elastic-password"], plex = ["${name}-claim"] }[coalesce(s.kind, name)], key)
    if contains(["tubearchivist", "plex"], coalesce(s.kind, name))])])
    error_message = "A key of secrets is NAME-password or NAME-elastic-password of a Tube Archivist, or NAME-claim of a Plex, where NAME is the service's."
  }
}
