locals {
  images = {
    # renovate: datasource=docker depName=ghcr.io/goauthentik/server
    authentik = "ghcr.io/goauthentik/server:2025.8.4"
    # renovate: datasource=docker depName=postgres
    postgresql = "postgres:16.10"
    # renovate: datasource=docker depName=redis
    redis = "redis:7.4.5"
    # renovate: datasource=docker depName=authelia/authelia
    authelia = "authelia/authelia:4.39.15"
  }
}
