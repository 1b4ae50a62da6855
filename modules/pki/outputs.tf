output "root" {
  description = "The root's certificate in PEM."
  value       = ephemeral.homelab_pki.this.root
  ephemeral   = true
}

output "chains" {
  description = "By name, the certificate in PEM, followed by the intermediate."
  value       = ephemeral.homelab_pki.this.chains
  ephemeral   = true
}

output "keys" {
  description = "By name, the certificate's key in PEM."
  value       = ephemeral.homelab_pki.this.keys
  sensitive   = true
  ephemeral   = true
}

output "secrets" {
  description = "All of it for a stack's `secrets`: `ca`, and for each certificate `<name>_cert` and `<name>_key`."
  value       = ephemeral.homelab_pki.this.secrets
  sensitive   = true
  ephemeral   = true
}
