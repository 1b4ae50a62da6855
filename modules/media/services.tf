locals {
  # Each service with what its kind needs.
  chosen = { for name, s in var.services : name => merge(
    local.usual, local.kinds[coalesce(s.kind, name)], { for key, value in s : key => value if value != null },
    { kind = coalesce(s.kind, name) },
  ) }

  media     = coalesce(var.media_root, "${var.data_root}/media")
  downloads = coalesce(var.downloads_root, "${var.data_root}/downloads")
  configs   = coalesce(var.config_root, "/srv/${var.name}")
  inside    = { for what, path in { media = local.media, downloads = local.downloads } : what => "/data${trimprefix(path, var.data_root)}" }

  # Another one of a kind has a library of its own: radarr-4k has movies-4k.
  libraries = { for name, s in local.chosen : name => var.services[name].library != null || name == s.kind ? s.library : (
    "${s.library}-${trimprefix(name, "${s.kind}-")}"
  ) if s.library != null }

  # Made before anything starts. The data's own root may be a mount of somebody
  # else's: it only has to be there.
  directories = merge(
    { (var.data_root) = {} },
    { for path in distinct(concat([local.media, local.downloads, "${local.downloads}/incomplete"], [for l in values(local.libraries) : "${local.media}/${l}"])) :
    path => { uid = var.user.uid, gid = var.user.gid, mode = "0775" } },
    { for name, s in local.chosen : "${local.configs}/${name}" => { uid = var.user.uid, gid = var.user.gid, mode = "0750" } if s.config != null },
    { for name, s in local.chosen : "${local.configs}/${name}-transcode" => { uid = var.user.uid, gid = var.user.gid, mode = "0750" } if s.kind == "plex" },
    local.behind_vpn == {} ? {} : { "${local.configs}/gluetun" = { uid = 0, gid = 0, mode = "0750" } },
  )

  mounts = { for name, s in local.chosen : name => merge(
    s.config == null ? {} : { (s.kind == "tubearchivist" ? "/cache" : s.config) = { source = "${local.configs}/${name}" } },
    s.files == "data" ? { "/data" = { source = var.data_root } } : {},
    contains(["media", "library"], s.files) ? { (local.inside.media) = { source = local.media, read_only = s.files == "library" } } : {},
    s.kind == "tubearchivist" ? { "/youtube" = { source = "${local.media}/${local.libraries[name]}" } } : {},
    s.kind == "plex" ? { "/transcode" = { source = "${local.configs}/${name}-transcode" } } : {},
  ) }

  # The instance's name tells several of a kind apart; https://wiki.servarr.com/radarr/environment-variables
  environment = { for name, s in local.chosen : name => merge(
    contains(["radarr", "sonarr", "lidarr", "readarr", "prowlarr"], s.kind) ? { "${upper(s.kind)}__APP__INSTANCENAME" = name } : {},
    s.kind == "plex" ? { VERSION = "docker" } : {},
    s.kind == "plex" && contains(keys(var.secrets), "${name}-claim") ? { FILE__PLEX_CLAIM = "/run/secrets/plex_claim" } : {},
    s.kind == "plex" && s.gpu == "nvidia" ? { NVIDIA_DRIVER_CAPABILITIES = "compute,video,utility" } : {},
    s.kind == "qbittorrent" ? { WEBUI_PORT = tostring(local.ports[name]), TORRENTING_PORT = tostring(local.peers[name]) } : {},
    s.kind == "tubearchivist" ? local.tube_environment[name] : {},
    s.environment,
  ) }

  # qBittorrent answers 401 where the port that it is asked on is not its own:
  # https://docs.linuxserver.io/images/docker-qbittorrent/#webui_port-variable
  ports = { for name, s in local.chosen : name => s.kind == "qbittorrent" && s.publish != null ? s.publish : s.port + try(index(local.behind, name), 0) }

  # The health check of a service behind the VPN also wants the tunnel's interface,
  # which is gone with the container whose network it shares.
  tests = { for name, s in local.chosen : name => s.test != null ? s.test : s.vpn ? [
    "sh", "-c", "test -d /sys/class/net/tun0 && curl -fsS -o /dev/null http://localhost:${local.ports[name]}${s.alive}"
  ] : ["curl", "-fsS", "-o", "/dev/null", "http://localhost:${local.ports[name]}${s.alive}"] }

  main = { for name, s in local.chosen : name => {
    image        = lookup(var.images, name, lookup(var.images, s.kind, local.images[s.kind]))
    user         = s.convention == "none" ? null : var.user
    convention   = s.convention == "none" ? "user" : s.convention
    environment  = local.environment[name]
    command      = s.kind == "tubearchivist" ? local.tube_command : null
    healthcheck  = { test = local.tests[name], timeout = "20s", start_period = s.kind == "tubearchivist" ? "2m" : "1m" }
    mounts       = local.mounts[name]
    secrets      = local.service_secrets[name]
    depends_on   = local.needs[name]
    network_mode = s.vpn ? "service:gluetun" : null
    networks     = {}
    ports        = s.vpn ? {} : local.published[name]
    web          = s.internal ? null : { port = local.ports[name], host = s.host, sso = s.sso == null ? !s.own_login : s.sso }
    dashboard    = s.internal ? null : { group = "Media", icon = "${s.kind}.png" }
    memory       = s.memory
    cpus         = s.cpus
    gpu          = s.gpu
    capabilities = s.capabilities
    devices      = []
    read_only    = false
    tmpfs        = []
    grace        = "1m"
    criticality  = "normal"
  } }

  all = merge(local.main, local.vpn, local.tube)
}
