output "sso" {
  description = "Single sign-on for others. `middleware` is what Traefik's routers name; `auth_request` and `sign_in` are whom nginx asks for a login, and where it sends who has none; `forward_auth` is the same for others, with the headers to pass on; `oidc` has for each of `clients` its endpoints and `secret`, the name of the `homelab_secret` with its client secret."
  value = {
    kind         = var.kind
    url          = local.url
    middleware   = "${local.middleware}@docker"
    auth_request = local.forward_auth.nginx
    sign_in      = trimsuffix(local.forward_auth.login, "?rd=")
    forward_auth = local.forward_auth
    oidc         = local.oidc
  }

  # Not before there is somebody to ask.
  depends_on = [homelab_stack.this]
}

output "services" {
  description = "Where the ingress offers each service; null where it does not."
  value       = { for name, s in module.service : name => s.url if s.url != null }
}

output "networks" {
  description = "The stack's networks on the node, by their names in it."
  value       = { for name, n in homelab_stack.this.networks : name => n.name }
}

output "routes" {
  description = "What an ingress without discovery has to know of each host."
  value       = [for s in module.service : merge(s.route, { upstream = replace(s.route.upstream, "/\\/\\/[^:]+:/", "//${local.alias}:") }) if s.route != null]
}

output "scrape" {
  description = "What Prometheus has to know to scrape the stack."
  value       = [for s in module.service : s.scrape if s.scrape != null]
}

output "probes" {
  description = "What a monitor from outside should reach."
  value       = [{ name = var.name, url = local.url }]
}

output "generated" {
  description = "Names of the secrets that were generated, by what they are for. `admin-password` is that of Authentik's first administrator, akadmin."
  value       = { for name, s in homelab_secret.generated : name => s.name }
}
