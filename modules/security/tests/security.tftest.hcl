mock_provider "homelab" {}

variables {
  services  = { crowdsec = {}, fail2ban = {}, wazuh = {}, netalertx = {} }
  logs      = { traefik = { source = "/mnt/data/logs/traefik", type = "traefik" }, host = { source = "/var/log", files = ["auth.log"], type = "syslog" }, npm = { source = "npm_logs" } }
  jails     = { sshd = { log = "host", filter = "sshd", chain = "INPUT" }, login = { log = "traefik", failregex = ["^<HOST> .* 401 "], ignore = ["10.0.0.0/8"] } }
  netalertx = { subnets = { "192.168.1.0/24" = "eth0" } }
  ingress   = { kind = "traefik", domain = "home.arpa", network = "proxy" }
}

run "all" {
  command = plan

  assert {
    condition     = toset(keys(output.services)) == toset(["crowdsec", "bouncer", "fail2ban", "netalertx", "kernel", "wazuh-certificates", "wazuh-indexer", "wazuh-manager", "wazuh-dashboard"]) && output.services["wazuh-dashboard"] == "https://wazuh.home.arpa"
    error_message = jsonencode(output.services)
  }

  assert {
    condition     = yamldecode(homelab_stack.this.compose).services.crowdsec.environment.COLLECTIONS == "crowdsecurity/linux crowdsecurity/traefik" && strcontains(yamldecode(homelab_stack.this.compose).configs.crowdsec-etc-crowdsec-acquis-d-homelab-yaml.content, "/logs/traefik/*.log") && !strcontains(yamldecode(homelab_stack.this.compose).configs.crowdsec-etc-crowdsec-acquis-d-homelab-yaml.content, "npm")
    error_message = "CrowdSec reads the logs that have a type."
  }

  assert {
    condition     = output.bouncer == { middleware = "security-crowdsec@docker", address = "http://security-bouncer:8080/verify", network = "proxy" } && yamldecode(homelab_stack.this.compose).services.bouncer.labels["traefik.http.middlewares.security-crowdsec.forwardauth.address"] == output.bouncer.address
    error_message = jsonencode(output.bouncer)
  }

  assert {
    condition     = strcontains(yamldecode(homelab_stack.this.compose).configs.fail2ban-data-jail-d-sshd-conf.content, "chain = INPUT") && strcontains(yamldecode(homelab_stack.this.compose).configs.fail2ban-data-jail-d-login-conf.content, "ignoreip = 127.0.0.1/8 ::1 10.0.0.0/8") && can(yamldecode(homelab_stack.this.compose).configs.fail2ban-data-filter-d-login-conf) && !can(yamldecode(homelab_stack.this.compose).configs.fail2ban-data-filter-d-sshd-conf)
    error_message = homelab_stack.this.compose
  }

  assert {
    condition     = yamldecode(homelab_stack.this.compose).services.wazuh-indexer.depends_on.kernel.condition == "service_completed_successfully" && strcontains(yamldecode(homelab_stack.this.compose).services.kernel.command[2], "262144")
    error_message = "The indexer starts where the kernel's setting is enough."
  }

  assert {
    condition     = jsondecode(yamldecode(homelab_stack.this.compose).services.netalertx.environment.APP_CONF_OVERRIDE).SCAN_SUBNETS == "['192.168.1.0/24 --interface=eth0']" && yamldecode(homelab_stack.this.compose).services.netalertx.network_mode == "host"
    error_message = homelab_stack.this.compose
  }
}

run "crowdsec_alone" {
  command = plan

  variables {
    services = { crowdsec = { memory = "1g" } }
    logs     = { npm = { source = "npm_logs", type = "nginx-proxy-manager" } }
    jails    = {}
    ingress  = { kind = "nginx", domain = "home.arpa", network = "proxy" }
    crowdsec = { community = false, trusted = ["192.168.1.0/24", "10.0.0.7"], collections = ["crowdsecurity/sshd"] }
    secrets  = { bouncer = "my-key" }
  }

  assert {
    condition     = keys(output.services) == ["bouncer", "crowdsec"] && length(homelab_secret.this) == 0 && yamldecode(homelab_stack.this.compose).secrets.bouncer.name == "my-key"
    error_message = homelab_stack.this.compose
  }

  assert {
    condition     = yamldecode(homelab_stack.this.compose).volumes.npm_logs == { external = true } && yamldecode(homelab_stack.this.compose).services.crowdsec.environment.DISABLE_ONLINE_API == "true" && yamldecode(homelab_stack.this.compose).services.crowdsec.deploy.resources.limits.memory == "1g"
    error_message = homelab_stack.this.compose
  }

  assert {
    condition     = yamldecode(yamldecode(homelab_stack.this.compose).configs.crowdsec-etc-crowdsec-parsers-s02-enrich-homelab-trusted-yaml.content).whitelist == { reason = "trusted", ip = ["10.0.0.7"], cidr = ["192.168.1.0/24"] } && !can(yamldecode(homelab_stack.this.compose).services.bouncer.labels["traefik.enable"])
    error_message = homelab_stack.this.compose
  }
}

run "logs_that_are_made_first" {
  command = plan

  variables {
    services = { fail2ban = {} }
    logs     = { gateway = { source = "/srv/log", files = ["access.log"], create = true } }
    jails    = { login = { log = "gateway", failregex = ["^<HOST> "] } }
  }

  assert {
    condition     = yamldecode(homelab_stack.this.compose).services.fail2ban.depends_on.logs.condition == "service_completed_successfully" && strcontains(yamldecode(homelab_stack.this.compose).services.logs.command[2], "/logs/gateway/access.log") && !can(yamldecode(homelab_stack.this.compose).services.logs.volumes[0].read_only)
    error_message = homelab_stack.this.compose
  }
}

run "wazuh_on_a_data_root_with_agents" {
  command = plan

  variables {
    node      = "atlas"
    services  = { wazuh = { memory = "4g", host = "siem" } }
    data_root = "/mnt/data"
    wazuh     = { agents = "10.0.2.20", heap = "2g", max_map_count = 300000 }
  }

  assert {
    condition     = contains(keys(homelab_node.this["data"].directories), "/mnt/data/wazuh-manager/queue") && output.services["wazuh-dashboard"] == "https://siem.home.arpa" && output.bouncer == null
    error_message = homelab_stack.this.compose
  }

  assert {
    condition     = yamldecode(homelab_stack.this.compose).services.wazuh-manager.ports[0].host_ip == "10.0.2.20" && yamldecode(homelab_stack.this.compose).services.wazuh-indexer.environment.OPENSEARCH_JAVA_OPTS == "-Xms2g -Xmx2g" && yamldecode(homelab_stack.this.compose).services.wazuh-indexer.deploy.resources.limits.memory == "4g"
    error_message = homelab_stack.this.compose
  }

  assert {
    condition     = toset(keys(homelab_secret.this)) == toset(["wazuh", "wazuh-api", "wazuh-dashboard"]) && homelab_secret.this["wazuh"].generate.min_special == 1
    error_message = "Wazuh's passwords are generated."
  }
}
