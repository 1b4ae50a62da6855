#!/bin/sh
# Prints the path of the Terraform or OpenTofu to use, 1.11 or newer:
#
#   1. TF_ACC_TERRAFORM_PATH, when set: taken as it is
#   2. the pinned OpenTofu, built on the spot (tool.sh), when HOMELAB_TEST_TERRAFORM
#      is "tofu"
#   3. terraform on PATH
#   4. tofu on PATH
#   5. the pinned OpenTofu
set -eu

here=$(cd "$(dirname "$0")" && pwd)

# new_enough PATH: does that binary answer with version 1.11 or newer?
new_enough() {
	"$1" version 2>/dev/null | awk '
		NR == 1 && match($0, /v[0-9]+\.[0-9]+/) {
			split(substr($0, RSTART + 1, RLENGTH - 1), v, ".")
			ok = v[1] > 1 || (v[1] == 1 && v[2] >= 11)
		}
		END { exit !ok }'
}

if [ -n "${TF_ACC_TERRAFORM_PATH:-}" ]; then
	echo "$TF_ACC_TERRAFORM_PATH"
	exit 0
fi
case "${HOMELAB_TEST_TERRAFORM:-}" in
"") ;;
tofu) exec "$here/tool.sh" tofu ;;
*)
	echo "HOMELAB_TEST_TERRAFORM is \"$HOMELAB_TEST_TERRAFORM\": only \"tofu\" is known" >&2
	exit 1
	;;
esac
for name in terraform tofu; do
	path=$(command -v "$name" || true)
	[ -n "$path" ] || continue
	if new_enough "$path"; then
		echo "$path"
		exit 0
	fi
	echo "==> $path is older than 1.11 and is not used" >&2
done
exec "$here/tool.sh" tofu
