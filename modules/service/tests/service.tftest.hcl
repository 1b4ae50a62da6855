variables {
  name  = "web"
  image = "registry.example/web:1.2.3"
}

run "defaults_are_safe" {
  command = plan

  assert {
    condition = yamldecode(yamlencode(output.service)) == yamldecode(<<-YAML
      image: registry.example/web:1.2.3
      init: true
      restart: unless-stopped
      stop_grace_period: 30s
      environment: { TZ: Etc/UTC }
      read_only: true
      tmpfs: [/tmp]
      cap_drop: [ALL]
      security_opt: ["no-new-privileges:true"]
      deploy: { resources: { limits: { cpus: "1", memory: 512m, pids: 512 } } }
      logging: { driver: json-file, options: { max-size: 10m, max-file: "3" } }
      labels: { homelab.criticality: normal, homarr.hide: "true" }
    YAML
    )
    error_message = yamlencode(output.service)
  }

  assert {
    condition     = output.url == null && output.route == null && output.scrape == null
    error_message = "Nothing is published or scraped unless asked for."
  }
}

run "user_of_the_engine" {
  command = plan

  variables {
    user    = { uid = 2000, gid = 2001 }
    secrets = { token = { source = "api-token" } }
  }

  assert {
    condition     = output.service.user == "2000:2001" && output.service.secrets[0].uid == "2000" && output.service.secrets[0].source == "api-token"
    error_message = yamlencode(output.service)
  }
}

run "user_of_linuxserver_images" {
  command = plan

  variables {
    user            = { uid = 2000, gid = 2001, umask = "002" }
    user_convention = "linuxserver"
    capabilities    = ["NET_ADMIN"]
  }

  assert {
    condition     = jsonencode(output.service.environment) == jsonencode({ TZ = "Etc/UTC", PUID = "2000", PGID = "2001", UMASK = "002" })
    error_message = yamlencode(output.service.environment)
  }

  assert {
    condition     = !can(output.service.user) && !can(output.service.init) && contains(output.service.cap_add, "SETUID") && contains(output.service.cap_add, "NET_ADMIN")
    error_message = "Images of linuxserver.io start as root, with s6 as process 1."
  }
}

run "published_through_traefik_behind_sso" {
  command = plan

  variables {
    ingress = { kind = "traefik", domain = "home.arpa", network = "proxy", cert_resolver = "acme" }
    sso     = { middleware = "authelia@docker" }
    web     = { port = 8080 }
  }

  assert {
    condition     = output.url == "https://web.home.arpa" && output.route.upstream == "http://web:8080" && output.route.sso
    error_message = jsonencode(output.route)
  }

  assert {
    condition = alltrue([
      output.service.labels["traefik.http.routers.web-home-arpa.rule"] == "Host(`web.home.arpa`)",
      output.service.labels["traefik.http.routers.web-home-arpa.middlewares"] == "authelia@docker",
      output.service.labels["traefik.http.routers.web-home-arpa.tls.certresolver"] == "acme",
      output.service.labels["traefik.http.services.web-home-arpa.loadbalancer.server.port"] == "8080",
    ])
    error_message = yamlencode(output.service.labels)
  }

  assert {
    condition     = toset(keys(output.service.networks)) == toset(["default", "proxy"]) && jsonencode(output.networks) == jsonencode({ proxy = { external = true } })
    error_message = "The service is on the ingress's network and on its stack's own."
  }
}

run "without_sso_on_request" {
  command = plan

  variables {
    ingress = { kind = "traefik", domain = "home.arpa", network = "proxy" }
    sso     = { middleware = "authelia@docker" }
    web     = { port = 8080, sso = false, host = "open" }
  }

  assert {
    condition     = output.url == "https://open.home.arpa" && !can(output.service.labels["traefik.http.routers.open-home-arpa.middlewares"])
    error_message = yamlencode(output.service.labels)
  }
}

run "another_ingress_gets_a_route_and_no_labels" {
  command = plan

  variables {
    ingress = { kind = "nginx", domain = "home.arpa", network = "proxy" }
    web     = { port = 8080 }
  }

  assert {
    condition     = output.route.host == "web.home.arpa" && length([for name in keys(output.service.labels) : name if startswith(name, "traefik.")]) == 0
    error_message = yamlencode(output.service.labels)
  }
}

run "behind_another_service" {
  command = plan

  variables {
    network_mode = "service:vpn"
    ingress      = { kind = "traefik", domain = "home.arpa", network = "proxy" }
  }

  assert {
    condition     = output.service.network_mode == "service:vpn" && !can(output.service.networks)
    error_message = yamlencode(output.service)
  }
}

run "mounts" {
  command = plan

  variables {
    mounts = {
      "/config" = { source = "/srv/web" }
      "/data"   = { source = "data" }
      "/x.conf" = { source = "./x.conf", read_only = true }
    }
  }

  assert {
    condition     = [for m in output.service.volumes : m.type] == ["bind", "volume", "bind"] && keys(output.volumes) == ["data"]
    error_message = yamlencode(output.service.volumes)
  }

  assert {
    condition     = output.service.volumes[0].bind.create_host_path == false
    error_message = "A directory that is missing on the node is an error, not a new directory of root's."
  }
}

run "gpus" {
  command = plan

  variables {
    gpu                = "nvidia"
    memory_reservation = "256m"
  }

  assert {
    condition     = output.service.deploy.resources.reservations.devices[0].driver == "nvidia" && output.service.deploy.resources.reservations.memory == "256m"
    error_message = yamlencode(output.service.deploy)
  }
}

run "render_device" {
  command = plan

  variables {
    gpu = "intel"
  }

  assert {
    condition     = jsonencode(output.service.devices) == jsonencode(["/dev/dri"])
    error_message = yamlencode(output.service)
  }
}

run "dashboard_and_metrics" {
  command = plan

  variables {
    dashboard = { group = "Media", icon = "web.png" }
    metrics   = { port = 9100 }
  }

  assert {
    condition     = output.service.labels["homepage.name"] == "Web" && output.service.labels["homepage.icon"] == "web.png" && !can(output.service.labels["homepage.href"])
    error_message = yamlencode(output.service.labels)
  }

  assert {
    condition     = output.scrape == { job = "web", address = "web:9100", path = "/metrics" }
    error_message = jsonencode(output.scrape)
  }

  assert {
    condition     = output.service.labels["prometheus.io/scrape"] == "true" && output.service.labels["prometheus.io/port"] == "9100" && output.service.labels["prometheus.io/path"] == "/metrics"
    error_message = yamlencode(output.service.labels)
  }

  assert {
    condition     = !can(output.service.labels["homarr.hide"]) && length([for name in keys(output.service.labels) : name if startswith(name, "kuma.")]) == 0
    error_message = "What has an entry is not hidden, and what is offered nowhere is not watched."
  }
}

run "monitored_where_it_is_offered" {
  command = plan

  variables {
    ingress = { kind = "nginx", domain = "home.arpa", network = "proxy" }
    web     = { port = 8080 }
  }

  assert {
    condition = (
      output.service.labels["kuma.web-home-arpa.http.name"] == "web.home.arpa" &&
      output.service.labels["kuma.web-home-arpa.http.url"] == "https://web.home.arpa" &&
      output.service.labels["kuma.web-home-arpa.http.interval"] == "60"
    )
    error_message = yamlencode(output.service.labels)
  }
}

run "monitored_where_it_is_said" {
  command = plan

  variables {
    monitor = { url = "http://web:8080/health", interval = 30 }
  }

  assert {
    condition     = output.service.labels["kuma.web.http.url"] == "http://web:8080/health" && output.service.labels["kuma.web.http.interval"] == "30"
    error_message = yamlencode(output.service.labels)
  }
}

run "monitored_nowhere" {
  command = plan

  variables {
    ingress = { kind = "nginx", domain = "home.arpa", network = "proxy" }
    web     = { port = 8080 }
    monitor = null
  }

  assert {
    condition     = length([for name in keys(output.service.labels) : name if startswith(name, "kuma.")]) == 0
    error_message = yamlencode(output.service.labels)
  }
}

run "files_are_configs_of_the_stack" {
  command = plan

  variables {
    files = { "/etc/web/web.conf" = "host $host" }
  }

  assert {
    condition     = jsonencode(output.service.configs) == jsonencode([{ mode = "0444", source = "web-etc-web-web-conf", target = "/etc/web/web.conf" }])
    error_message = jsonencode(output.service.configs)
  }

  assert {
    condition     = jsonencode(output.configs) == jsonencode({ web-etc-web-web-conf = { content = "host $$host" } })
    error_message = jsonencode(output.configs)
  }
}
