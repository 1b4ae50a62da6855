# Kept current by Renovate; `images` overrides them.
locals {
  images = {
    # renovate: datasource=docker depName=pihole/pihole
    pihole = "pihole/pihole:2025.11.0"
    # renovate: datasource=docker depName=klutchell/unbound
    unbound = "klutchell/unbound:1.24.2"
    # renovate: datasource=docker depName=adguard/adguardhome
    adguard = "adguard/adguardhome:v0.107.69"
    # renovate: datasource=docker depName=ghcr.io/bakito/adguardhome-sync
    sync = "ghcr.io/bakito/adguardhome-sync:v0.8.2"
  }
  image = merge(local.images, var.images)
}
