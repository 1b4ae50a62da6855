# What each kind of service needs. `files` is what of the data it sees: all of it
# (`data`, and so moves and hard links work between downloads and media), the
# media only (`media`, or `library` read-only), or nothing.
locals {
  kinds = {
    plex        = { port = 32400, alive = "/identity", files = "library", memory = "4g", cpus = 2, own_login = true }
    radarr      = { port = 7878, alive = "/ping", files = "data", library = "movies", memory = "1g" }
    sonarr      = { port = 8989, alive = "/ping", files = "data", library = "tv", memory = "1g" }
    lidarr      = { port = 8686, alive = "/ping", files = "data", library = "music", memory = "1g" }
    readarr     = { port = 8787, alive = "/ping", files = "data", library = "books", memory = "1g" }
    prowlarr    = { port = 9696, alive = "/ping" }
    bazarr      = { port = 6767, alive = "/api/system/ping", files = "media" }
    mylar3      = { port = 8090, test = ["curl", "-sS", "-o", "/dev/null", "http://localhost:8090/"], files = "data", library = "comics" }
    tautulli    = { port = 8181, alive = "/status" }
    overseerr   = { port = 5055, alive = "/api/v1/status", own_login = true, memory = "1g" }
    qbittorrent = { port = 8080, alive = "/", files = "data", memory = "2g", cpus = 2 }

    tubearchivist = {
      port         = 8000, alive = "/api/health", convention = "none", library = "youtube", memory = "2g", own_login = true
      capabilities = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"]
    }
    seerr = {
      port = 5055, convention = "user", config = "/app/config", own_login = true, memory = "1g"
      test = ["wget", "-q", "-O", "/dev/null", "http://localhost:5055/api/v1/status"]
    }
    maintainerr = {
      port = 6246, convention = "user", config = "/opt/data"
      test = ["wget", "-q", "-O", "/dev/null", "http://localhost:6246/"]
    }
    profilarr = {
      port = 6868
      test = ["python3", "-c", "import urllib.request; urllib.request.urlopen('http://localhost:6868/')"]
    }
    qbitrr = {
      port = 6969, files = "data"
      test = ["curl", "-fsS", "-o", "/dev/null", "http://localhost:6969/"]
    }
    flaresolverr = { port = 8191, alive = "/health", convention = "none", config = null, memory = "1g", internal = true }
  }

  # What a kind does not say.
  usual = {
    alive      = null, test = null
    convention = "linuxserver", config = "/config", files = "none", library = null
    memory     = "512m", cpus = 1, capabilities = []
    own_login  = false # asks for a login itself, which its apps use: not behind single sign-on
    internal   = false # for other services only
    host       = null, sso = null, publish = null, host_ip = null, peer_port = null, gpu = null
  }
}
