#!/bin/sh
# Runs tflint in every module and every example of one.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
tflint=$("$root/internal/tools/tool.sh" tflint)

failed=""
for dir in "$root"/modules/*/ "$root"/modules/*/examples/*/; do
	[ -e "$dir/main.tf" ] || continue
	"$tflint" --chdir="$dir" --config="$root/.tflint.hcl" --call-module-type=none || failed="$failed ${dir#"$root"/}"
done
if [ -n "$failed" ]; then
	echo "tflint found something in:$failed" >&2
	exit 1
fi
