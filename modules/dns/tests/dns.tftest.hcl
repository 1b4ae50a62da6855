mock_provider "homelab" {}

variables {
  node = "overwatch"
}

run "pihole_asks_unbound" {
  command = plan

  variables {
    records  = { "nas.home.arpa" = "10.0.20.9" }
    rewrites = { "home.arpa" = "10.0.20.5", "*.home.arpa" = "10.0.20.5", "cloud.example" = "fd00::5" }
    refused  = ["ads.example"]
    ingress  = { kind = "nginx", domain = "home.arpa", network = "ingress" }
    cache    = { stale = false }
  }

  assert {
    condition = (
      jsonencode(keys(yamldecode(homelab_stack.this.compose).services)) == jsonencode(["pihole", "unbound"]) &&
      yamldecode(homelab_stack.this.compose).services.unbound.network_mode == "service:pihole" &&
      yamldecode(homelab_stack.this.compose).services.unbound.user == "101:102" &&
      yamldecode(homelab_stack.this.compose).services.pihole.environment.FTLCONF_dns_upstreams == "127.0.0.1#5335" &&
      length(yamldecode(homelab_stack.this.compose).services.pihole.ports) == 2
    )
    error_message = homelab_stack.this.compose
  }

  assert {
    condition = alltrue([for line in [
      "local-zone: \"home.arpa.\" redirect", "local-data: \"home.arpa. A 10.0.20.5\"",
      "local-zone: \"nas.home.arpa.\" static", "local-data: \"nas.home.arpa. A 10.0.20.9\"", "local-data-ptr: \"10.0.20.9 nas.home.arpa\"",
      "local-data: \"cloud.example. AAAA fd00::5\"", "local-zone: \"ads.example.\" always_refuse",
      "forward-tls-upstream: yes", "forward-addr: 9.9.9.9@853#dns.quad9.net", "serve-expired: no",
    ] : strcontains(one(values(module.unbound["unbound"].configs)).content, line)])
    error_message = one(values(module.unbound["unbound"].configs)).content
  }

  assert {
    condition     = output.services.pihole == "https://pihole.home.arpa" && output.routes[0].upstream == "http://pihole:80" && output.probes[0].address == "http://pihole:80/admin/" && output.probes[0].network == "dns_default"
    error_message = jsonencode([output.services, output.routes, output.probes])
  }
}

run "passwords" {
  command = plan

  assert {
    condition = (
      homelab_secret.this["web"].generate.length == 32 &&
      yamldecode(homelab_stack.this.compose).secrets.WEB_PASSWORD.external &&
      yamldecode(homelab_stack.this.compose).services.pihole.environment.WEBPASSWORD_FILE == "WEB_PASSWORD" &&
      yamldecode(homelab_stack.this.compose).services.pihole.secrets[0].target == "WEB_PASSWORD"
    )
    error_message = "A password that nobody gives is made on the node."
  }
}

run "password_of_ones_own" {
  command = plan

  variables {
    passwords = { web = "my-pihole" }
  }

  assert {
    condition     = length(homelab_secret.this) == 0 && yamldecode(homelab_stack.this.compose).secrets.WEB_PASSWORD.name == "my-pihole"
    error_message = homelab_stack.this.compose
  }
}

run "adguard_with_a_replica" {
  command = plan

  variables {
    kind          = "adguard"
    password_hash = "$2y$10$abcdefghijklmnopqrstuuNNV8RZ7SB2d2LcgRC9vM7fnqTkkPbPq"
    replicas      = ["http://10.0.20.6:3000"]
    rewrites      = { "*.home.arpa" = "10.0.20.5" }
    refused       = ["ads.example"]
    ports         = { dns = 5353, web = 3000, host_ip = "10.0.20.2" }
  }

  assert {
    condition = (
      local.adguard_config.filtering.rewrites[0].domain == "*.home.arpa" &&
      local.adguard_config.user_rules[0] == "||ads.example^" &&
      local.adguard_config.users[0].password == "PASSWORD_HASH" &&
      jsonencode(yamldecode(homelab_stack.this.compose).secrets) == jsonencode({ PASSWORD_HASH = { environment = "PASSWORD_HASH" } }) &&
      local.adguard_config.dns.upstream_dns[0] == "tls://dns.quad9.net:853"
    )
    error_message = "AdGuard Home is not configured as declared."
  }

  assert {
    condition = (
      jsonencode(sort(keys(yamldecode(homelab_stack.this.compose).services))) == jsonencode(["adguard", "sync"]) &&
      yamldecode(homelab_stack.this.compose).services.sync.environment.REPLICA1_PASSWORD == "$${REPLICA_PASSWORD}" &&
      alltrue([for p in yamldecode(homelab_stack.this.compose).services.adguard.ports : p.host_ip == "10.0.20.2"])
    )
    error_message = homelab_stack.this.compose
  }

  assert {
    condition     = length(output.services) == 0 && length(output.scrape) == 0
    error_message = "Nothing is published without an ingress."
  }
}
