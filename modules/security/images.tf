# What runs unless `images` says otherwise. Renovate raises the versions.
locals {
  images = {
    # renovate: datasource=docker depName=crowdsecurity/crowdsec
    crowdsec = "crowdsecurity/crowdsec:v1.7.3"
    # renovate: datasource=docker depName=nginx
    bouncer = "nginx:1.29.3-alpine"
    # renovate: datasource=docker depName=crazymax/fail2ban
    fail2ban = "crazymax/fail2ban:1.1.0"
    # renovate: datasource=docker depName=wazuh/wazuh-manager
    wazuh-manager = "wazuh/wazuh-manager:4.14.1"
    # renovate: datasource=docker depName=wazuh/wazuh-indexer
    wazuh-indexer = "wazuh/wazuh-indexer:4.14.1"
    # renovate: datasource=docker depName=wazuh/wazuh-dashboard
    wazuh-dashboard = "wazuh/wazuh-dashboard:4.14.1"
    # renovate: datasource=docker depName=alpine/openssl
    wazuh-certificates = "alpine/openssl:3.5.4"
    # renovate: datasource=docker depName=ghcr.io/jokob-sk/netalertx
    netalertx = "ghcr.io/jokob-sk/netalertx:25.11.29"
    # renovate: datasource=docker depName=busybox
    kernel = "busybox:1.37.0-musl"
  }
}
