#!/bin/sh
# Generates docs/ from the provider's schema, templates/ and examples/.
#
#   generate.sh CLI_CONFIG      as mirror.sh printed it
#
# Nothing is downloaded: the schema comes from the provider just built, through
# the mirror of mirror.sh. Only the generated part of docs/ is replaced;
# docs/adr, docs/dev and hand-written guides stay as they are.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
here=$root/internal/tools
TF_CLI_CONFIG_FILE=${1:?usage: generate.sh CLI_CONFIG}
export TF_CLI_CONFIG_FILE

terraform=$("$here/terraform.sh")
tfplugindocs=$("$here/tool.sh" tfplugindocs)
work=$(mktemp -d "$root/.homelab/generate.XXXXXX")
trap 'rm -rf "$work"' EXIT INT TERM

cat >"$work/main.tf" <<'TF'
terraform {
  required_providers {
    homelab = {
      source = "homelab-iac/homelab"
    }
  }
}
TF
"$terraform" -chdir="$work" init -backend=false -input=false -no-color >"$work/init.log" || {
	cat "$work/init.log" >&2
	exit 1
}
# tfplugindocs looks for the short name, or for a provider of HashiCorp's.
"$terraform" -chdir="$work" providers schema -json |
	sed 's#"registry\.[a-z.]*/homelab-iac/homelab"#"homelab"#' >"$work/schema.json"

"$tfplugindocs" generate \
	--provider-dir "$root" \
	--provider-name homelab \
	--providers-schema "$work/schema.json" \
	--rendered-website-dir ".homelab/$(basename "$work")/docs" >"$work/docs.log" || {
	cat "$work/docs.log" >&2
	exit 1
}

cd "$root/docs"
rm -rf index.md resources data-sources functions ephemeral-resources actions list-resources
cp -R "$work/docs/." .
