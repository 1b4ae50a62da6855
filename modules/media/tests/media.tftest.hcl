# The module with the provider mocked: what it makes of its inputs.

mock_provider "homelab" {
  mock_resource "homelab_stack" {
    defaults = { networks = { default = { name = "media_default", driver = "bridge", internal = false, spec = {} } } }
  }
}

variables {
  node      = "helios"
  user      = { uid = 2000, gid = 2000 }
  data_root = "/data"
  ingress   = { kind = "traefik", domain = "home.arpa", network = "proxy" }
  sso       = { middleware = "auth-sso@docker" }
  services  = { radarr = {}, sonarr = {} }
}

run "call_of_the_documentation" {
  variables {
    services = {
      plex         = { gpu = "intel" }
      radarr       = {}
      radarr-4k    = { kind = "radarr" }
      sonarr       = {}
      sonarr-anime = { kind = "sonarr" }
      prowlarr     = {}
      qbittorrent  = { vpn = true }
    }
    vpn = { provider = "mullvad", secrets = { wireguard_private_key = "wireguard" } }
  }

  assert {
    condition     = join(" ", keys(yamldecode(homelab_stack.this.compose).services)) == "gluetun plex prowlarr qbittorrent radarr radarr-4k sonarr sonarr-anime"
    error_message = homelab_stack.this.compose
  }

  assert {
    condition     = output.services.radarr-4k == "https://radarr-4k.home.arpa" && output.urls.qbittorrent == "http://gluetun:8080"
    error_message = jsonencode([output.services, output.urls])
  }

  assert {
    condition     = homelab_stack.this.name == "media" && homelab_stack.this.node == "helios" && homelab_node.this.name == "helios"
    error_message = "The stack and its directories are on one node."
  }

  assert {
    condition     = jsonencode(yamldecode(homelab_stack.this.compose).networks) == jsonencode({ proxy = { external = true } })
    error_message = jsonencode(yamldecode(homelab_stack.this.compose).networks)
  }
}

run "shortest_call" {
  variables {
    node    = "local"
    ingress = null
    sso     = null
    services = {
      plex         = { gpu = "intel", publish = 32400 }
      radarr       = {}
      sonarr       = {}
      sonarr-anime = { kind = "sonarr" }
      prowlarr     = {}
      qbittorrent  = { publish = 8080 }
    }
  }

  assert {
    condition     = output.urls.prowlarr == "http://prowlarr:9696" && alltrue([for url in values(output.services) : url == null])
    error_message = jsonencode([output.urls, output.services])
  }
}

run "one_data_root_for_links_and_moves" {
  variables {
    services = { radarr = {}, qbittorrent = {}, qbitrr = {}, plex = {}, bazarr = {}, prowlarr = {} }
  }

  assert {
    condition = alltrue([for name in ["radarr", "qbittorrent", "qbitrr"] : contains([
      for v in yamldecode(homelab_stack.this.compose).services[name].volumes : "${v.source}:${v.target}"
    ], "/data:/data")])
    error_message = homelab_stack.this.compose
  }

  assert {
    condition     = [for v in yamldecode(homelab_stack.this.compose).services.plex.volumes : v.read_only if v.target == "/data/media"] == [true]
    error_message = "Plex only reads the media."
  }

  assert {
    condition     = length([for v in yamldecode(homelab_stack.this.compose).services.prowlarr.volumes : v if startswith(v.target, "/data")]) == 0
    error_message = "Prowlarr has nothing to do with files."
  }

  assert {
    condition     = output.data.media == "/data/media" && output.data.downloads == "/data/downloads" && output.data.libraries.radarr == "/data/media/movies"
    error_message = jsonencode(output.data)
  }
}

run "directories_with_their_owner" {
  variables {
    media_root     = "/data/library"
    downloads_root = "/data/torrents"
    config_root    = "/opt/appdata"
    services       = { radarr = {}, radarr-4k = { kind = "radarr" }, uhd = { kind = "radarr", library = "uhd" }, flaresolverr = {} }
  }

  assert {
    condition = jsonencode(keys(homelab_node.this.directories)) == jsonencode([
      "/data", "/data/library", "/data/library/movies", "/data/library/movies-4k", "/data/library/uhd", "/data/torrents", "/data/torrents/incomplete",
      "/opt/appdata/radarr", "/opt/appdata/radarr-4k", "/opt/appdata/uhd",
    ])
    error_message = jsonencode(keys(homelab_node.this.directories))
  }

  assert {
    condition     = alltrue([for path, d in homelab_node.this.directories : d.uid == 2000 && d.gid == 2000 if path != "/data"])
    error_message = jsonencode(homelab_node.this.directories)
  }
}

run "instances_of_a_kind_tell_themselves_apart" {
  variables {
    services = { sonarr = {}, sonarr-anime = { kind = "sonarr", environment = { UMASK = "007" } } }
  }

  assert {
    condition     = yamldecode(homelab_stack.this.compose).services.sonarr-anime.environment.SONARR__APP__INSTANCENAME == "sonarr-anime"
    error_message = homelab_stack.this.compose
  }

  assert {
    condition     = yamldecode(homelab_stack.this.compose).services.sonarr-anime.environment.UMASK == "007" && yamldecode(homelab_stack.this.compose).services.sonarr.environment.UMASK == "002"
    error_message = homelab_stack.this.compose
  }
}

run "hardened" {
  assert {
    condition     = yamldecode(homelab_stack.this.compose).services.radarr.security_opt == ["no-new-privileges:true"] && yamldecode(homelab_stack.this.compose).services.radarr.cap_drop == ["ALL"]
    error_message = homelab_stack.this.compose
  }

  assert {
    condition     = alltrue([for s in values(yamldecode(homelab_stack.this.compose).services) : can(s.healthcheck.test) && s.deploy.resources.limits.memory != "" && s.logging.options.max-size == "10m"])
    error_message = homelab_stack.this.compose
  }

  assert {
    condition     = alltrue([for s in values(yamldecode(homelab_stack.this.compose).services) : !can(s.ports)])
    error_message = "No port is published unless asked for."
  }
}

run "without_ingress" {
  variables {
    ingress  = null
    sso      = null
    services = { radarr = { publish = 7878, host_ip = "192.168.30.11" }, plex = { publish = 32400 } }
  }

  assert {
    condition     = yamldecode(homelab_stack.this.compose).services.radarr.ports[0].host_ip == "192.168.30.11" && yamldecode(homelab_stack.this.compose).services.plex.ports[0].published == "32400"
    error_message = homelab_stack.this.compose
  }

  assert {
    condition     = output.services.radarr == null && length(output.routes) == 0 && length(output.probes) == 0 && output.scrape == []
    error_message = jsonencode(output.services)
  }
}

run "behind_single_sign_on_but_for_what_has_a_login_for_apps" {
  variables {
    services = { radarr = {}, plex = {}, overseerr = { sso = true }, sonarr = { sso = false }, flaresolverr = {} }
  }

  assert {
    condition     = [for r in output.routes : r.host if r.sso] == ["overseerr.home.arpa", "radarr.home.arpa"]
    error_message = jsonencode(output.routes)
  }

  assert {
    condition     = output.services.flaresolverr == null && !can(yamldecode(homelab_stack.this.compose).services.flaresolverr.labels["traefik.enable"])
    error_message = "Flaresolverr is for Prowlarr, and asks nobody for a password."
  }
}

run "graphics" {
  variables {
    services = { plex = { gpu = "intel" }, plex-b = { kind = "plex", gpu = "nvidia" }, plex-c = { kind = "plex" } }
  }

  assert {
    condition     = yamldecode(homelab_stack.this.compose).services.plex.devices == ["/dev/dri"] && !can(yamldecode(homelab_stack.this.compose).services.plex-c.devices)
    error_message = homelab_stack.this.compose
  }

  assert {
    condition     = yamldecode(homelab_stack.this.compose).services.plex-b.deploy.resources.reservations.devices[0].driver == "nvidia" && yamldecode(homelab_stack.this.compose).services.plex-b.environment.NVIDIA_DRIVER_CAPABILITIES != ""
    error_message = homelab_stack.this.compose
  }
}

run "images" {
  variables {
    images   = { radarr = "example/radarr:1", sonarr-anime = "example/sonarr:2" }
    services = { radarr-4k = { kind = "radarr" }, sonarr = {}, sonarr-anime = { kind = "sonarr" } }
  }

  assert {
    condition     = [for name in ["radarr-4k", "sonarr-anime"] : yamldecode(homelab_stack.this.compose).services[name].image] == ["example/radarr:1", "example/sonarr:2"]
    error_message = homelab_stack.this.compose
  }

  assert {
    condition     = startswith(yamldecode(homelab_stack.this.compose).services.sonarr.image, "lscr.io/linuxserver/sonarr:")
    error_message = homelab_stack.this.compose
  }
}
