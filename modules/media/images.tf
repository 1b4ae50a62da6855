locals {
  images = {
    # renovate: datasource=docker depName=lscr.io/linuxserver/plex
    plex = "lscr.io/linuxserver/plex:1.41.7"
    # renovate: datasource=docker depName=lscr.io/linuxserver/radarr
    radarr = "lscr.io/linuxserver/radarr:5.27.5"
    # renovate: datasource=docker depName=lscr.io/linuxserver/sonarr
    sonarr = "lscr.io/linuxserver/sonarr:4.0.15"
    # renovate: datasource=docker depName=lscr.io/linuxserver/lidarr
    lidarr = "lscr.io/linuxserver/lidarr:2.13.3"
    # renovate: datasource=docker depName=lscr.io/linuxserver/bazarr
    bazarr = "lscr.io/linuxserver/bazarr:1.5.3"
    # renovate: datasource=docker depName=lscr.io/linuxserver/readarr
    readarr = "lscr.io/linuxserver/readarr:0.4.19-nightly"
    # renovate: datasource=docker depName=lscr.io/linuxserver/prowlarr
    prowlarr = "lscr.io/linuxserver/prowlarr:2.0.5"
    # renovate: datasource=docker depName=lscr.io/linuxserver/mylar3
    mylar3 = "lscr.io/linuxserver/mylar3:0.8.2"
    # renovate: datasource=docker depName=bbilly1/tubearchivist
    tubearchivist = "bbilly1/tubearchivist:v0.5.10"
    # renovate: datasource=docker depName=docker.elastic.co/elasticsearch/elasticsearch
    elasticsearch = "docker.elastic.co/elasticsearch/elasticsearch:8.18.2"
    # renovate: datasource=docker depName=redis
    redis = "redis:7.4.5"
    # renovate: datasource=docker depName=lscr.io/linuxserver/tautulli
    tautulli = "lscr.io/linuxserver/tautulli:2.16.0"
    # renovate: datasource=docker depName=lscr.io/linuxserver/overseerr
    overseerr = "lscr.io/linuxserver/overseerr:1.34.0"
    # renovate: datasource=docker depName=ghcr.io/seerr-team/seerr
    seerr = "ghcr.io/seerr-team/seerr:v3.3.0"
    # renovate: datasource=docker depName=santiagosayshey/profilarr
    profilarr = "santiagosayshey/profilarr:v1.1.5"
    # renovate: datasource=docker depName=ghcr.io/maintainerr/maintainerr
    maintainerr = "ghcr.io/maintainerr/maintainerr:3.15.3"
    # renovate: datasource=docker depName=ghcr.io/flaresolverr/flaresolverr
    flaresolverr = "ghcr.io/flaresolverr/flaresolverr:v3.4.6"
    # renovate: datasource=docker depName=lscr.io/linuxserver/qbittorrent
    qbittorrent = "lscr.io/linuxserver/qbittorrent:5.1.4"
    # renovate: datasource=docker depName=qmcgaw/gluetun
    gluetun = "qmcgaw/gluetun:v3.40.3"
    # renovate: datasource=docker depName=feramance/qbitrr
    qbitrr = "feramance/qbitrr:v5.13.1-1"
  }
}
