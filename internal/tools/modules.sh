#!/bin/sh
# Runs "terraform test" in every module that has tests, and "terraform validate" in
# all their examples.
#
#   modules.sh CLI_CONFIG      as mirror.sh printed it
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
TF_CLI_CONFIG_FILE=${1:?usage: modules.sh CLI_CONFIG}
export TF_CLI_CONFIG_FILE
terraform=$("$root/internal/tools/terraform.sh")

failed=""
for tests in "$root"/modules/*/tests; do
	[ -d "$tests" ] || continue
	module=$(dirname "$tests")
	name=$(basename "$module")
	TF_DATA_DIR=$root/.homelab/modules/$name
	export TF_DATA_DIR
	rm -rf "$TF_DATA_DIR" "$module/.terraform.lock.hcl"
	echo "--- modules/$name"
	if ! log=$("$terraform" -chdir="$module" init -backend=false -input=false -no-color 2>&1); then
		printf '%s\n' "$log" >&2
		failed="$failed $name"
		continue
	fi
	"$terraform" -chdir="$module" test || failed="$failed $name"
done
for example in "$root"/modules/*/examples/*; do
	[ -d "$example" ] || continue
	TF_DATA_DIR=$root/.homelab/modules/example
	rm -rf "$TF_DATA_DIR"
	echo "--- ${example#"$root"/}"
	if ! log=$("$terraform" -chdir="$example" init -backend=false -input=false -no-color 2>&1 && "$terraform" -chdir="$example" validate -no-color 2>&1); then
		printf '%s\n' "$log" >&2
		failed="$failed ${example#"$root"/modules/}"
	fi
	rm -f "$example/.terraform.lock.hcl"
done
if [ -n "$failed" ]; then
	echo "Modules with failing tests:$failed" >&2
	exit 1
fi
