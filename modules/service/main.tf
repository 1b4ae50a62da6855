locals {
  ids = var.user == null ? null : "${var.user.uid}:${var.user.gid}"

  # How images take the user, and what the start of each kind needs besides.
  user_environment = var.user == null ? {} : {
    user        = {}
    linuxserver = { PUID = tostring(var.user.uid), PGID = tostring(var.user.gid), UMASK = var.user.umask }
    environment = { UID = tostring(var.user.uid), GID = tostring(var.user.gid), UMASK = var.user.umask }
  }[var.user_convention]

  # s6, which starts as root, gives files to the user, steps down to it, and at the
  # end has to signal what is another user's by then: without KILL nothing but the
  # grace period would end the program.
  start_capabilities = var.user_convention == "linuxserver" ? ["CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "SETGID", "SETUID"] : []
  capabilities       = sort(distinct(concat(local.start_capabilities, tolist(var.capabilities))))

  published = var.ingress != null && var.web != null
  host      = local.published ? "${coalesce(var.web.host, var.name)}.${var.ingress.domain}" : null
  behind    = local.published ? var.web.sso && var.sso != null : false

  # The ingress reaches the service on its own network. A service that joins no
  # network by name stays on the stack's default one, too.
  networks = var.network_mode != null ? null : merge(
    length(var.networks) == 0 && local.published ? { default = {} } : {},
    local.published ? { (var.ingress.network) = {} } : {},
    { for name, n in var.networks : name => { for k, v in n : k => v if v != null && v != tolist([]) } },
  )

  mounts = [for target, m in var.mounts : merge(
    { type = can(regex("^[./]", m.source)) ? "bind" : "volume", source = m.source, target = target },
    m.read_only ? { read_only = true } : {},
    startswith(m.source, "/") ? { bind = { create_host_path = false } } : {},
  )]

  # Compose would take a dollar sign for a variable.
  files = { for path, text in var.files : path => { name = "${var.name}${replace(path, "/[^A-Za-z0-9]+/", "-")}", content = replace(text, "$", "$$") } }

  reservations = merge(
    var.memory_reservation == null ? {} : { memory = var.memory_reservation },
    var.gpu != "nvidia" ? {} : { devices = [{ driver = "nvidia", count = "all", capabilities = ["gpu"] }] },
  )
  devices = sort(concat(tolist(var.devices), var.gpu == "intel" || var.gpu == "amd" ? ["/dev/dri"] : []))

  # Every key there can be; those without a value are left out.
  all = {
    image             = var.image
    init              = var.user_convention == "linuxserver" ? null : true # s6 has to be process 1
    command           = var.command
    entrypoint        = var.entrypoint
    restart           = var.restart
    stop_grace_period = var.stop_grace_period
    user              = var.user_convention == "user" ? local.ids : null
    environment       = merge({ TZ = var.timezone }, local.user_environment, var.environment)
    healthcheck       = var.healthcheck == null ? null : merge(var.healthcheck, { test = concat(["CMD"], var.healthcheck.test) })
    depends_on        = { for name, condition in var.depends_on_services : name => { condition = condition } }

    read_only    = var.read_only ? true : null
    tmpfs        = sort(var.tmpfs)
    cap_drop     = ["ALL"]
    cap_add      = local.capabilities
    security_opt = var.new_privileges ? null : ["no-new-privileges:true"]
    deploy = { resources = merge(
      { limits = { cpus = tostring(var.cpus), memory = var.memory, pids = var.pids } },
      length(local.reservations) == 0 ? {} : { reservations = local.reservations },
    ) }
    logging = { driver = "json-file", options = { max-size = var.log.max_size, max-file = tostring(var.log.max_files) } }
    devices = local.devices

    volumes      = local.mounts
    network_mode = var.network_mode
    networks     = local.networks
    ports = [for name, p in var.ports : merge(
      { name = name, target = p.container, published = tostring(p.host), protocol = p.protocol },
      p.host_ip == null ? {} : { host_ip = p.host_ip },
    )]
    secrets = [for file, s in var.secrets : merge(
      { source = coalesce(s.source, file), target = file, mode = s.mode },
      var.user == null ? {} : { uid = tostring(var.user.uid), gid = tostring(var.user.gid) },
    )]
    configs = [for path, f in local.files : { source = f.name, target = path, mode = "0444" }]
    labels  = local.labels
  }
}
