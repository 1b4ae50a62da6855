terraform {
  required_version = ">= 1.11"
  required_providers {
    homelab = {
      source  = "homelab-iac/homelab"
      version = ">= 0.1.0"
    }
  }
}

# Without nodes there is one, "local": the engine of DOCKER_HOST, of the current
# Docker context, or of the default socket.
provider "homelab" {}

variable "port" {
  description = "Port on this machine that the web page is published on."
  type        = number
  default     = 8080
  nullable    = false

  validation {
    condition     = var.port >= 1024 && var.port <= 65535 && floor(var.port) == var.port
    error_message = "port must be a whole number from 1024 to 65535."
  }
}

variable "token" {
  description = "Secret that the web service shows to the store. It is kept out of state and plan."
  type        = string
  default     = "change-me-before-you-rely-on-it"
  ephemeral   = true
  sensitive   = true
  nullable    = false

  validation {
    condition     = length(var.token) >= 16
    error_message = "token must have at least 16 characters."
  }
}

resource "homelab_stack" "hello" {
  name              = "hello"
  compose           = file("${path.module}/compose.yaml")
  project_directory = path.module

  variables = { PORT = var.port }
  secrets   = { TOKEN = var.token }
}

output "url" {
  description = "Address of the web page."
  value       = "http://127.0.0.1:${var.port}/"
}

output "services" {
  description = "State of each service."
  value       = { for name, service in homelab_stack.hello.services : name => service.state }
}
