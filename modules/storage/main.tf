locals {
  image = merge(local.images, var.images)

  # A password each: the administrator's, and the users'.
  passwords = toset(concat(["root"], keys(var.users)))

  buckets = join("", [for name, b in var.buckets : "${name} ${b.versioning ? "enable" : "keep"} ${coalesce(b.quota, "none")}\n"])

  # What a user may do: everything with the objects of its own buckets.
  policies = { for name, u in var.users : name => jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"]
        Resource = [for b in sort(u.buckets) : "arn:aws:s3:::${b}"]
      },
      {
        Effect   = "Allow"
        Action   = ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:ListMultipartUploadParts", "s3:PutObject"]
        Resource = [for b in sort(u.buckets) : "arn:aws:s3:::${b}/*"]
      },
    ]
  }) }

  # The secrets that have the passwords: the module's own, and those of others.
  secrets = merge({ for name, s in homelab_secret.this : name => s.name }, { for name in local.passwords : name => var.secrets[name] if can(var.secrets[name]) })

  # Files of the setup, by their path.
  files = merge(
    {
      "/etc/homelab/setup.sh" = file("${path.module}/files/setup.sh")
      "/etc/homelab/buckets"  = local.buckets
      "/etc/homelab/users"    = join("", [for name in keys(var.users) : "${name}\n"])
    },
    { for name, policy in local.policies : "/etc/homelab/policies/${name}.json" => policy },
  )

  services = {
    minio = merge(module.minio.service, { secrets = [{ source = "root", target = "root" }] })
    setup = merge(module.setup.service, {
      secrets = [for name in sort(local.passwords) : { source = name, target = name }]
      configs = [for path in sort(keys(local.files)) : { source = replace(trimprefix(path, "/etc/homelab/"), "/", "."), target = path }]
    })
  }
}

module "minio" {
  source = "../service"

  name        = "minio"
  image       = local.image.minio
  user        = var.user
  timezone    = var.timezone
  command     = ["server", "/data", "--address", ":9000", "--console-address", ":9001"]
  memory      = var.limits.memory
  cpus        = var.limits.cpus
  pids        = 4096
  tmpfs       = ["/tmp"]
  networks    = { s3 = {} }
  web         = { port = 9001, host = "minio" }
  ingress     = var.ingress
  sso         = var.sso
  metrics     = { port = 9000, path = "/minio/v2/metrics/cluster" }
  dashboard   = { group = "Storage", icon = "minio", description = "S3 storage" }
  criticality = "critical"

  environment = merge(
    {
      MINIO_ROOT_USER            = var.root_user
      MINIO_ROOT_PASSWORD_FILE   = "root"
      MINIO_PROMETHEUS_AUTH_TYPE = "public" # whoever is on the network s3 may scrape
      MC_CONFIG_DIR              = "/tmp/mc"
    },
    var.ingress == null ? {} : { MINIO_BROWSER_REDIRECT_URL = "https://minio.${var.ingress.domain}" },
  )
  mounts      = { "/data" = { source = var.data_root == null ? "data" : "${var.data_root}/minio" } }
  healthcheck = { test = ["mc", "ready", "local"], interval = "15s", timeout = "10s", start_period = "60s" }
}

module "setup" {
  source = "../service"

  name       = "setup"
  image      = local.image.setup
  user       = var.user
  timezone   = var.timezone
  entrypoint = ["sh", "/etc/homelab/setup.sh"]
  memory     = "256m"
  networks   = { s3 = {} }

  environment = {
    MC_CONFIG_DIR = "/tmp/mc"
    ENDPOINT      = "http://minio:9000"
    ROOT_USER     = var.root_user
  }
  depends_on_services = { minio = "service_healthy" }
  # It stays when it is done, so that an apply waits for it and says what failed.
  healthcheck = { test = ["test", "-e", "/tmp/done"], interval = "5s", retries = 60 }
}

# Nobody knows these passwords: they are made on the node.
resource "homelab_secret" "this" {
  for_each = setsubtract(local.passwords, keys(var.secrets))

  node     = var.node
  name     = "${var.name}-${each.key}"
  mode     = "0444" # whoever it is mounted for reads it, whatever its user
  generate = { length = 40 }
}

resource "homelab_node" "this" {
  for_each = var.data_root == null ? {} : { data = var.data_root }

  name        = var.node
  directories = { "${each.value}/minio" = { uid = var.user.uid, gid = var.user.gid, mode = "0700" } }
}

resource "homelab_stack" "this" {
  name = var.name
  node = var.data_root == null ? var.node : homelab_node.this["data"].name

  compose = provider::homelab::compact_yaml(yamlencode({
    services = local.services
    # Nobody outside has to reach MinIO but through the ingress.
    networks = merge({ s3 = { internal = true } }, { for name, n in module.minio.networks : name => n if name != "s3" })
    volumes  = module.minio.volumes
    configs  = { for path, content in local.files : replace(trimprefix(path, "/etc/homelab/"), "/", ".") => { content = replace(content, "$", "$$") } }
    secrets  = { for name, secret in local.secrets : name => { external = true, name = secret } }
  }))
}
