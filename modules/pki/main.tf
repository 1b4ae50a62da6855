ephemeral "homelab_pki" "this" {
  seed         = var.seed
  name         = var.name
  not_before   = var.not_before
  years        = var.years
  certificates = var.certificates
}
