package leaks_test

// ways are the canaries that come in as ephemeral variables, by the way that they
// go from there.
var ways = []string{
	"config", "config-source", "file", "owned", "lines", "external",
	"env", "bare", "special", "entrypoint", "command", "probe", "hook", "stop", "build", "ssh-file",
	"given", "based", "over-ssh", "over-tls", "over-portainer",
	"registry", "away-key", "pki-seed",
}

// shown are those that are in a container's own configuration, as documented.
var shown = []string{"env", "bare", "special", "entrypoint", "command", "probe", "hook", "stop"}

// near is the stack on the node that is reached by its socket: files of every kind,
// given, generated, issued and decrypted.
const near = `
services:
  config:
    image: homelab.test/app:1
    configs: [{source: rendered, target: /rendered}, {source: named, target: /named}]
  files:
    image: homelab.test/app:1
    secrets: [file, {source: owned, uid: "1000", gid: "100", mode: 0400}, lines, external, local, leaf]
  sops:
    image: homelab.test/app:1
    secrets: [sops-yaml, sops-json, sops-dotenv, sops-ini, sops-binary]
  node:
    image: homelab.test/app:1
    secrets: [given, based, generated]
secrets:
  file: {environment: file}
  owned: {environment: owned}
  lines: {environment: lines}
  external: {external: true}
  local: {file: ./local}
  leaf: {environment: leaf}
  sops-yaml: {environment: sops-yaml}
  sops-json: {environment: sops-json}
  sops-dotenv: {environment: sops-dotenv}
  sops-ini: {environment: sops-ini}
  sops-binary: {environment: sops-binary}
  given: {external: true, name: NAME-given}
  based: {external: true, name: NAME-based}
  generated: {external: true, name: NAME-generated}
configs:
  rendered: {content: "token = ${config}"}
  named: {environment: config-source}
`

// far is the stack on the node that is reached by ssh: what is in containers' own
// configuration, and what is built.
const far = `
services:
  env:
    image: homelab.test/app:1
    environment: ["A=prefix-${env}", "bare", "SPECIAL=${special}"]
    entrypoint: [/app, serve, -log, "${entrypoint}"]
    healthcheck: {test: [CMD, /app, health, -url, "http://127.0.0.1:8080/healthz?x=${probe}"], interval: 1s, timeout: 30s, start_period: 600s}
  command:
    image: homelab.test/app:1
    command: [serve, -log, "${command}"]
    secrets: [ssh-file, over-ssh]
  hooks:
    image: homelab.test/app:1
    stop_grace_period: 1s
    post_start: [{command: [/app, job, -log, started], environment: {A: "${hook}"}}]
    pre_stop: [{command: [/app, job, -log, "${stop}"]}]
  built:
    build:
      context: .
      secrets: [build]
      ssh: ["deploy=./key"]
secrets:
  ssh-file: {environment: ssh-file}
  over-ssh: {external: true, name: NAME-over-ssh}
  build: {environment: build}
`

const dockerfile = `FROM homelab.test/app:1
RUN --mount=type=secret,id=build ["/app", "job", "-print", "/run/secrets/build"]
RUN --mount=type=ssh,id=deploy,required=true,target=/agent ["/app", "job"]
`

// birdhouse takes, in this order: the hosts by socket, by ssh, by TLS and by
// Portainer, the files of the lab's authority and of its client's certificate, the
// registry, and the test's name.
const birdhouse = `
provider "homelab" {
  nodes = {
    local = { host = %[1]q }
    ssh   = { host = %[2]q }
    tls   = { host = %[3]q, tls = { ca_file = %[5]q, cert_file = %[6]q, key = var.client_key } }
    nas   = { host = %[4]q, token = var.portainer, tls = { ca_file = "portainer.pem" } }
    away  = { host = "tcp://127.0.0.1:1", tls = { ca_file = "portainer.pem", cert_file = "portainer.pem", key = var.c["away-key"] }, when_offline = "keep" }
  }
  registries = { %[7]q = { username = "lab", password = var.c["registry"] } }
}

variable "c" {
  type      = map(string)
  sensitive = true
  ephemeral = true
}

variable "portainer" {
  type      = string
  sensitive = true
  ephemeral = true
}

variable "client_key" {
  type      = string
  sensitive = true
  ephemeral = true
}

variable "generation" { type = string }

ephemeral "homelab_sops_file" "this" {
  for_each = { yaml = "yaml", json = "json", dotenv = "dotenv", ini = "ini", binary = "binary" }
  path     = "secrets.${each.key}"
  format   = each.value
}

ephemeral "homelab_pki" "this" {
  seed         = var.c["pki-seed"]
  name         = "Lab"
  not_before   = "2024-01-01"
  years        = 40
  certificates = { leaf = { profile = "client", days = 14000 } }
}

resource "homelab_secret" "given" {
  name  = "%[8]s-given"
  value = var.c["given"]
}

resource "homelab_secret" "based" {
  name         = "%[8]s-based"
  value_base64 = base64encode(var.c["based"])
}

resource "homelab_secret" "generated" {
  name     = "%[8]s-generated"
  generate = { length = 40 }
  keepers  = { generation = var.generation }
}

resource "homelab_secret" "over_ssh" {
  name  = "%[8]s-over-ssh"
  node  = "ssh"
  value = var.c["over-ssh"]
}

resource "homelab_secret" "over_tls" {
  name  = "%[8]s-over-tls"
  node  = "tls"
  value = var.c["over-tls"]
}

resource "homelab_secret" "over_portainer" {
  name  = "%[8]s-over-portainer"
  node  = "nas"
  value = var.c["over-portainer"]
}

resource "homelab_stack" "near" {
  name              = "%[8]s"
  project_directory = "project"
  compose           = file("near.yaml")
  secrets = merge({ for way in ["config", "config-source", "file", "owned", "lines", "external"] : way => var.c[way] }, {
    leaf        = ephemeral.homelab_pki.this.keys["leaf"]
    sops-yaml   = ephemeral.homelab_sops_file.this["yaml"].values["deep.secret"]
    sops-json   = ephemeral.homelab_sops_file.this["json"].values["secret"]
    sops-dotenv = ephemeral.homelab_sops_file.this["dotenv"].values["SECRET"]
    sops-ini    = ephemeral.homelab_sops_file.this["ini"].values["main.secret"]
    sops-binary = ephemeral.homelab_sops_file.this["binary"].raw
  })
  depends_on = [homelab_secret.given, homelab_secret.based, homelab_secret.generated]
}

resource "homelab_stack" "far" {
  name              = "%[8]s-far"
  node              = "ssh"
  project_directory = "project"
  compose           = file("far.yaml")
  secrets           = { for way in ["env", "bare", "special", "entrypoint", "command", "probe", "hook", "stop", "build", "ssh-file"] : way => var.c[way] }
  depends_on        = [homelab_secret.over_ssh]
}
`
