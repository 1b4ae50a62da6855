terraform {
  required_version = ">= 1.11"

  required_providers {
    homelab = {
      source = "homelab-iac/homelab"
    }
  }
}

# One provider block serves every node. Without nodes there is one, "local": the
# engine that the docker command would use.
provider "homelab" {
  nodes = {
    # With the user's ssh configuration, agent, known hosts and jump hosts.
    overwatch = {
      host = "ssh://pi@10.0.2.10"
    }
    helios = {
      host = "unix:///var/run/docker.sock"
    }
    atlas = {
      host = "tcp://10.0.2.20:2376"
      tls = {
        ca_file   = "certs/ca.pem"
        cert_file = "certs/cert.pem"
        key_file  = "certs/key.pem"
      }
    }
    nas = {
      host  = "portainer+https://portainer.lan/endpoints/3"
      token = var.portainer_token
    }
    # As "docker context ls" names it.
    vps = {
      context = "vps"
    }
  }

  # Docker Hub's images come through a cache in the house, which has a login.
  registries = {
    "docker.io" = {
      mirror = "registry.lan/docker"
    }
    "registry.lan" = {
      username = "puller"
      password = var.registry_password
    }
  }
}

variable "registry_password" {
  type      = string
  sensitive = true
}

variable "portainer_token" {
  type      = string
  ephemeral = true # in no saved plan either
  sensitive = true
}
