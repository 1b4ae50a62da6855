mock_provider "homelab" {}

variables {
  passwords = { bouncer = "b", wazuh = "w", wazuh-dashboard = "d", wazuh-api = "a" }
  services  = { crowdsec = {}, fail2ban = {}, wazuh = {}, netalertx = {} }
  logs      = { traefik = { source = "/mnt/data/logs/traefik", type = "traefik" }, host = { source = "/var/log", files = ["auth.log"], type = "syslog" } }
  jails     = { sshd = { log = "host", filter = "sshd", chain = "INPUT" }, login = { log = "traefik", failregex = ["^<HOST> .* 401 "] } }
  netalertx = { subnets = { "192.168.1.0/24" = "eth0" } }
  ingress   = { kind = "traefik", domain = "home.arpa", network = "proxy" }
}

run "all" {
  command = plan

  assert {
    condition     = output.services["wazuh-dashboard"] == "https://wazuh.home.arpa"
    error_message = homelab_stack.this.compose
  }
}
