# Kept current by Renovate; `images` overrides them.
locals {
  images = {
    # renovate: datasource=docker depName=traefik
    traefik = "traefik:v3.5.4"
    # renovate: datasource=docker depName=tecnativa/docker-socket-proxy
    engine = "tecnativa/docker-socket-proxy:v0.4.1"
    # renovate: datasource=docker depName=nginx
    nginx = "nginx:1.29.3"
    # renovate: datasource=docker depName=certbot/certbot
    certbot = "certbot/certbot:v5.1.0"
    # renovate: datasource=docker depName=jc21/nginx-proxy-manager
    npm = "jc21/nginx-proxy-manager:2.12.6"
  }
  image = merge(local.images, var.images)
}
