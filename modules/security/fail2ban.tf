locals {
  # A jail's file and, where it brings its own expressions, its filter's.
  # https://github.com/crazy-max/docker-fail2ban#use-iptables-tooling-without-reloading
  jail_files = merge(
    { for name, j in var.jails : "/data/jail.d/${name}.conf" => join("\n", concat(
      [
        "[${var.name}-${name}]", # so that two homelabs on one node have two chains
        "enabled = true",
        "filter = ${coalesce(j.filter, name)}",
        "logpath = ${join("\n          ", [for f in coalesce(j.files, var.logs[j.log].files) : "/logs/${j.log}/${f}"])}",
        "backend = polling", # inotify sees nothing of what another machine writes to a share
        "maxretry = ${j.maxretry}",
        "findtime = ${j.findtime}",
        "bantime = ${j.bantime}",
        "ignoreip = ${join(" ", concat(["127.0.0.1/8", "::1"], j.ignore))}",
        "banaction = iptables-allports",
        "chain = ${j.chain}",
        "",
      ],
    )) },
    { for name, j in var.jails : "/data/filter.d/${name}.conf" => join("\n", [
      "[Definition]",
      "failregex = ${join("\n            ", j.failregex)}",
      "",
    ]) if length(j.failregex) > 0 },
  )

  # Logs whose files are made if they are not there.
  made = { for name, l in var.logs : name => l if l.create }

  logs_specs = { for name, spec in {
    logs = {
      image = "kernel"
      command = ["sh", "-c", join(" ", [
        "for file in ${join(" ", flatten([for name, l in local.made : [for f in l.files : "/logs/${name}/${f}"]]))}; do",
        "[ -e $$file ] || { : >$$file && chown $$(stat -c %u:%g $$(dirname $$file)) $$file; } || exit 1; done",
      ])]
      user         = { uid = 0, gid = 0 }
      capabilities = ["CHOWN", "DAC_OVERRIDE"]
      mounts       = { for name, l in local.made : "/logs/${name}" => { source = l.source } }
      restart      = "no"
      memory       = "16m"
    }
  } : name => spec if length(local.made) > 0 }

  fail2ban_specs = {
    # https://github.com/crazy-max/docker-fail2ban; its image has a health check.
    # It bans with the node's own iptables.
    fail2ban = {
      network_mode = "host"
      capabilities = ["DAC_READ_SEARCH", "NET_ADMIN", "NET_RAW"] # the first for logs of others
      environment  = { F2B_LOG_TARGET = "STDOUT", F2B_DB_PURGE_AGE = "7d" }
      files        = local.jail_files
      data         = { "/data" = "data" }
      logs         = distinct([for j in values(var.jails) : j.log])
      after        = { for name in keys(local.logs_specs) : name => "service_completed_successfully" }
      read_only    = false # its start writes /etc/fail2ban
      memory       = "256m"
    }

    # https://docs.netalertx.com/DOCKER_COMPOSE; its image has a health check. It asks
    # who is there with packets of the link layer, hence the node's network.
    netalertx = {
      network_mode = "host"
      capabilities = ["NET_ADMIN", "NET_RAW", "NET_BIND_SERVICE", "CHOWN", "SETUID", "SETGID"]
      environment = {
        PORT              = tostring(var.netalertx.port)
        GRAPHQL_PORT      = tostring(var.netalertx.graphql_port)
        APP_CONF_OVERRIDE = jsonencode({ SCAN_SUBNETS = "[${join(",", [for cidr, interface in var.netalertx.subnets : "'${cidr} --interface=${interface}'"])}]" })
      }
      data   = { "/data" = "data" }
      memory = "1g"
    }
  }
}
