locals {
  # What of the hub understands a log.
  collections = {
    traefik             = "crowdsecurity/traefik"
    nginx               = "crowdsecurity/nginx"
    nginx-proxy-manager = "crowdsecurity/nginx-proxy-manager"
    caddy               = "crowdsecurity/caddy"
    syslog              = "crowdsecurity/linux"
  }
  acquired = { for name, l in var.logs : name => l if l.type != null }

  # https://docs.crowdsec.net/docs/data_sources/file: a document for each log.
  acquisition = join("---\n", [for name, l in local.acquired : yamlencode({
    source    = "file"
    filenames = [for f in l.files : "/logs/${name}/${f}"]
    labels    = { type = l.type }
    # Also what is not there yet when CrowdSec starts.
    force_inotify = true
  })])

  # https://docs.crowdsec.net/docs/whitelist/intro
  whitelist = yamlencode({
    name        = "homelab/trusted"
    description = "Addresses that are never banned"
    whitelist = {
      reason = "trusted"
      ip     = sort([for t in var.crowdsec.trusted : t if !strcontains(t, "/")])
      cidr   = sort([for t in var.crowdsec.trusted : t if strcontains(t, "/")])
    }
  })

  crowdsec_specs = {
    # https://hub.docker.com/r/crowdsecurity/crowdsec, build/docker in its repository
    crowdsec = {
      about = "Bans who attacks"
      environment = {
        COLLECTIONS = join(" ", sort(distinct(concat(
          [for l in values(local.acquired) : local.collections[l.type] if can(local.collections[l.type])],
          tolist(var.crowdsec.collections),
        ))))
        DISABLE_ONLINE_API = var.crowdsec.community ? "false" : "true"
      }
      files = merge(
        { "/etc/crowdsec/acquis.d/homelab.yaml" = local.acquisition },
        length(var.crowdsec.trusted) == 0 ? {} : { "/etc/crowdsec/parsers/s02-enrich/homelab-trusted.yaml" = local.whitelist },
      )
      # It registers those whose keys it finds below /run/secrets.
      secrets   = { bouncer_key_ingress = "bouncer" }
      data      = { "/var/lib/crowdsec/data" = "data", "/etc/crowdsec" = "config" }
      logs      = keys(local.acquired)
      read_only = false # its start links the hub's data, and installs collections
      # Logs belong to whom they are of, and not everybody reads them.
      capabilities = ["DAC_READ_SEARCH"]
      healthcheck  = { test = ["cscli", "lapi", "status"], start_period = "120s", timeout = "20s" }
      metrics      = 6060
      memory       = "512m"
    }

    # nginx, which asks CrowdSec about an address for the ingress.
    bouncer = {
      command = ["nginx", "-c", "/etc/nginx/nginx.conf", "-g", "daemon off;"]
      user    = { uid = 101, gid = 101 } # the image's nginx
      files = {
        "/etc/nginx/nginx.conf" = file("${path.module}/files/bouncer.conf")
        "/etc/nginx/bouncer.js" = file("${path.module}/files/bouncer.js")
      }
      secrets     = { bouncer = "bouncer" }
      after       = { crowdsec = "service_healthy" }
      healthcheck = { test = ["wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8080/health"] }
      memory      = "64m"
      # The ingress reaches it on its own network, by a name that no other stack has.
      proxied = true
      labels = try(var.ingress.kind, "") != "traefik" ? {} : {
        "traefik.enable"                                                              = "true"
        "traefik.docker.network"                                                      = var.ingress.network
        "traefik.http.middlewares.${local.middleware}.forwardauth.address"            = "http://${local.bouncer}:8080/verify"
        "traefik.http.middlewares.${local.middleware}.forwardauth.trustForwardHeader" = "false"
      }
    }
  }

  bouncer    = "${var.name}-bouncer"
  middleware = "${var.name}-crowdsec"
}
