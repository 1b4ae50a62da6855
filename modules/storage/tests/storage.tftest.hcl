mock_provider "homelab" {}

run "defaults" {
  command = plan

  assert {
    condition     = output.storage.users.loki == { access_key = "loki", secret = "storage-loki", buckets = tolist(["loki"]) }
    error_message = jsonencode(output.storage)
  }

  assert {
    condition     = toset(keys(homelab_secret.this)) == toset(["root", "loki", "tempo", "mimir"]) && homelab_secret.this["root"].generate.length == 40
    error_message = "Every password is generated."
  }

  assert {
    condition     = yamldecode(homelab_stack.this.compose).networks == { s3 = { internal = true } } && !can(yamldecode(homelab_stack.this.compose).services.minio.ports)
    error_message = "Nobody outside reaches MinIO."
  }

  assert {
    condition     = jsondecode(yamldecode(homelab_stack.this.compose).configs["policies.loki.json"].content).Statement[1].Resource == ["arn:aws:s3:::loki/*"]
    error_message = "A user may use its own buckets and no other."
  }

  assert {
    condition     = length(homelab_node.this) == 0 && yamldecode(homelab_stack.this.compose).volumes == { data = {} }
    error_message = "Without data_root, data is in a named volume."
  }

  assert {
    condition     = output.services.minio == null && output.routes == [] && output.scrape[0].address == "minio:9000" && output.scrape[0].network == "storage_s3"
    error_message = jsonencode(output.scrape)
  }
}

run "data_root" {
  command = plan

  variables {
    name      = "s3-b"
    node      = "nas"
    user      = { uid = 2000, gid = 2001 }
    data_root = "/mnt/data"
  }

  assert {
    condition     = homelab_node.this["data"].directories["/mnt/data/minio"].uid == 2000 && homelab_stack.this.node == "nas"
    error_message = "The directory is made with its owner."
  }

  assert {
    condition     = yamldecode(homelab_stack.this.compose).services.minio.volumes[0].source == "/mnt/data/minio" && yamldecode(homelab_stack.this.compose).services.minio.user == "2000:2001"
    error_message = homelab_stack.this.compose
  }

  assert {
    condition     = output.networks.s3 == "s3-b_s3" && output.storage.users.mimir.secret == "s3-b-mimir"
    error_message = "Two homelabs on one node do not meet."
  }
}

run "published_by_the_ingress" {
  command = plan

  variables {
    ingress = { kind = "nginx", domain = "home.arpa", network = "proxy" }
    sso     = { middleware = "authelia@docker" }
  }

  assert {
    condition     = output.services.minio == "https://minio.home.arpa" && output.routes[0].upstream == "http://minio:9001" && output.routes[0].sso
    error_message = jsonencode(output.routes)
  }

  assert {
    condition     = yamldecode(homelab_stack.this.compose).networks.proxy == { external = true } && yamldecode(homelab_stack.this.compose).services.minio.environment.MINIO_BROWSER_REDIRECT_URL == "https://minio.home.arpa"
    error_message = homelab_stack.this.compose
  }
}

run "secrets_and_images_of_ones_own" {
  command = plan

  variables {
    secrets = { root = "minio-root" }
    images  = { minio = "registry.example/minio:1" }
    buckets = { loki = { versioning = true, quota = "5GiB" }, logs = {} }
    users   = { loki = { buckets = ["loki", "logs"] } }
  }

  assert {
    condition     = keys(homelab_secret.this) == ["loki"] && yamldecode(homelab_stack.this.compose).secrets.root == { external = true, name = "minio-root" }
    error_message = "A secret that is named is not generated."
  }

  assert {
    condition     = yamldecode(homelab_stack.this.compose).services.minio.image == "registry.example/minio:1" && yamldecode(homelab_stack.this.compose).configs.buckets.content == "logs keep none\nloki enable 5GiB\n"
    error_message = homelab_stack.this.compose
  }
}
