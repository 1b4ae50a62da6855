variable "memory" {
  description = "Most memory the service may use, as in `512m`; the kernel ends what takes more."
  type        = string
  nullable    = false
  default     = "512m"

  validation {
    condition     = can(regex("^[1-9][0-9]*[kmg]b?$", var.memory))
    error_message = "memory is a size, as in 512m or 2g."
  }
}

variable "memory_reservation" {
  description = "Memory that the service is promised, as in `128m`. Null promises none."
  type        = string
  default     = null

  validation {
    condition     = var.memory_reservation == null ? true : can(regex("^[1-9][0-9]*[kmg]b?$", var.memory_reservation))
    error_message = "memory_reservation is a size, as in 128m."
  }
}

variable "cpus" {
  description = "Processors the service may use, as in `0.5`."
  type        = number
  nullable    = false
  default     = 1

  validation {
    condition     = var.cpus > 0
    error_message = "cpus is more than 0."
  }
}

variable "pids" {
  description = "Most processes and threads at once."
  type        = number
  nullable    = false
  default     = 512

  validation {
    condition     = var.pids >= 1 && var.pids == floor(var.pids)
    error_message = "pids is a whole number from 1."
  }
}

variable "capabilities" {
  description = "Linux capabilities that the service keeps; all others are dropped. `linuxserver` images keep what their start needs besides."
  type        = set(string)
  nullable    = false
  default     = []

  validation {
    condition     = alltrue([for c in var.capabilities : can(regex("^[A-Z][A-Z_]+$", c)) && !startswith(c, "CAP_") && c != "ALL"])
    error_message = "A capability is written as in NET_ADMIN: upper case, without CAP_. ALL is none."
  }
}

variable "new_privileges" {
  description = "Whether the program may gain privileges, as programs with the set-user-id bit do."
  type        = bool
  nullable    = false
  default     = false
}

variable "read_only" {
  description = "Whether the container's own files are read-only. What has to be written goes to `mounts` and `tmpfs`."
  type        = bool
  nullable    = false
  default     = true
}

variable "tmpfs" {
  description = "Directories in memory, lost when the container goes."
  type        = set(string)
  nullable    = false
  default     = ["/tmp"]

  validation {
    condition     = alltrue([for p in var.tmpfs : startswith(p, "/") && p != "/"])
    error_message = "A directory of tmpfs is an absolute path in the container."
  }
}

variable "log" {
  description = "How much of the program's output is kept: files of `max_size`, `max_files` of them."
  type = object({
    max_size  = optional(string, "10m")
    max_files = optional(number, 3)
  })
  nullable = false
  default  = {}

  validation {
    condition     = can(regex("^[1-9][0-9]*[kmg]$", var.log.max_size)) && var.log.max_files >= 1
    error_message = "log.max_size is a size, as in 10m; log.max_files is at least 1."
  }
}

variable "gpu" {
  description = "GPU for the service: `intel` or `amd` give it /dev/dri, `nvidia` all NVIDIA devices. Null gives it none."
  type        = string
  default     = null

  validation {
    condition     = var.gpu == null ? true : contains(["intel", "amd", "nvidia"], var.gpu)
    error_message = "gpu is intel, amd or nvidia."
  }
}

variable "devices" {
  description = "Devices of the node for the service, as in `/dev/ttyUSB0`."
  type        = set(string)
  nullable    = false
  default     = []

  validation {
    condition     = alltrue([for d in var.devices : startswith(d, "/dev/")])
    error_message = "A device is a path below /dev."
  }
}
