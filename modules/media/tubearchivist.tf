# Tube Archivist has an Elasticsearch and a Redis of its own.
# https://docs.tubearchivist.com/installation/docker-compose/
locals {
  tubes = { for name, s in local.chosen : name => s if s.kind == "tubearchivist" }

  tube_environment = { for name, s in local.tubes : name => {
    ES_URL      = "http://${name}-es:9200"
    REDIS_CON   = "redis://${name}-redis:6379"
    HOST_UID    = tostring(var.user.uid)
    HOST_GID    = tostring(var.user.gid)
    TA_USERNAME = "tubearchivist"
    TA_HOST = join(" ", compact([
      var.ingress == null ? "" : "https://${coalesce(s.host, name)}.${var.ingress.domain}", "http://${name}:8000",
    ]))
  } }

  # It reads its passwords from the environment only, which every web interface
  # that lists containers shows. Set at the start, they are in no container's
  # configuration.
  tube_command = ["sh", "-c", "TA_PASSWORD=$$(cat /run/secrets/ta_password) ELASTIC_PASSWORD=$$(cat /run/secrets/elastic_password) exec /app/run.sh"]

  # Redis has neither a password nor a way in but the stack's own network.
  tube = merge([for name, s in local.tubes : {
    "${name}-es" = merge(local.tube_usual, {
      image = lookup(var.images, "${name}-es", lookup(var.images, "elasticsearch", local.images.elasticsearch))
      user  = { uid = 1000, gid = 0 }
      environment = {
        ES_JAVA_OPTS             = "-Xms1g -Xmx1g"
        ELASTIC_PASSWORD_FILE    = "/run/secrets/elastic_password"
        "discovery.type"         = "single-node"
        "path.repo"              = "/usr/share/elasticsearch/data/snapshot"
        "xpack.security.enabled" = "true"
      }
      healthcheck = {
        test         = ["sh", "-c", "curl -fsS -o /dev/null -u elastic:$$(cat /run/secrets/elastic_password) http://localhost:9200/_cluster/health"]
        start_period = "2m"
      }
      mounts  = { "/usr/share/elasticsearch/data" = { source = "${name}-es" } }
      secrets = { elastic_password = { source = "${name}-elastic-password" } }
      memory  = "2g"
      cpus    = 2
    })
    "${name}-redis" = merge(local.tube_usual, {
      image       = lookup(var.images, "${name}-redis", lookup(var.images, "redis", local.images.redis))
      user        = { uid = 999, gid = 999 }
      environment = {}
      healthcheck = { test = ["redis-cli", "ping"] }
      mounts      = { "/data" = { source = "${name}-redis" } }
      secrets     = {}
      memory      = "256m"
      cpus        = 1
    })
  }]...)

  tube_usual = {
    convention = "user", command = null, depends_on = {}, network_mode = null, networks = {}, ports = {}, web = null, dashboard = null
    gpu        = null, capabilities = [], devices = [], read_only = false, tmpfs = [], grace = "1m", criticality = "normal"
  }
}
