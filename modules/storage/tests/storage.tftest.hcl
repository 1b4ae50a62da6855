mock_provider "homelab" {}

variables {
  passwords = { root = "r", loki = "l", tempo = "t", mimir = "m" }
}

run "defaults" {
  command = plan

  assert {
    condition     = output.storage.endpoint == "minio:9000"
    error_message = homelab_stack.this.compose
  }
}
