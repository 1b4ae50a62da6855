terraform {
  required_providers {
    homelab = { source = "homelab-iac/homelab" }
  }
}

variable "node" { type = string }
variable "homelab" { type = string }
variable "port" { type = number }
variable "images" { type = map(string) }

module "dns" {
  source = "../.."

  node     = var.node
  name     = var.homelab
  ports    = { dns = var.port, web = var.port + 1 }
  images   = var.images
  records  = { "nas.home.arpa" = "10.0.20.9", "printer.lan" = "10.0.20.10", "six.lan" = "fd00::9" }
  rewrites = { "home.arpa" = "10.0.20.5", "*.home.arpa" = "10.0.20.5", "cloud.example" = "10.0.20.6" }
  refused  = ["ads.example"]
  cache    = { megabytes = 4 }

  # An address of Unbound's own namespace, where the test has a resolver.
  upstreams = [{ address = "192.0.2.53", name = "resolver.home.arpa" }]
}
