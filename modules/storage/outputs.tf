output "storage" {
  description = "What a user of the storage has to know: endpoint, region, network (external to its own stack), buckets, and by user its key and the name of the secret with its password."
  value = {
    endpoint = "minio:9000"
    insecure = true # the network s3 is the stack's own, and internal
    region   = "us-east-1"
    network  = "${homelab_stack.this.name}_s3"
    buckets  = keys(var.buckets)
    users    = { for name, u in var.users : name => { access_key = name, secret = local.secrets[name], buckets = sort(u.buckets) } }
  }
}

output "services" {
  description = "Where the services' web interfaces are offered, by name; null where they are not."
  value       = { minio = module.minio.url }
}

output "routes" {
  description = "What an ingress without discovery has to know."
  value       = [for r in [module.minio.route] : r if r != null]
}

output "scrape" {
  description = "What Prometheus has to know to scrape the services, and the network that they are on."
  value       = [merge(module.minio.scrape, { job = var.name, network = "${homelab_stack.this.name}_s3" })]
}

output "probes" {
  description = "Addresses whose answer shows that the services work."
  value       = [{ name = var.name, address = "http://minio:9000/minio/health/live", network = "${homelab_stack.this.name}_s3" }]
}

output "networks" {
  description = "The stack's networks, as the engine names them."
  value       = { s3 = "${homelab_stack.this.name}_s3" }
}
