#!/bin/sh
# Runs the tests with TF_ACC=1: the acceptance tests join in, on engines that
# the lab starts and removes.
#
# Where CI=true, a test that failed is run once more, and listed: a machine that is
# shared can starve an engine for longer than any test should wait. What fails
# twice fails, and what passed the second time is a bug of the test to be mended.
#
#   acceptance.sh PACKAGE... [go test flags]
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
cd "$root"

TF_ACC_TERRAFORM_PATH=$(internal/tools/terraform.sh)
export TF_ACC=1 TF_ACC_TERRAFORM_PATH
# A provider without a source has another address in OpenTofu.
if "$TF_ACC_TERRAFORM_PATH" version | head -n 1 | grep -q OpenTofu; then
	TF_ACC_PROVIDER_HOST=${TF_ACC_PROVIDER_HOST:-registry.opentofu.org}
	export TF_ACC_PROVIDER_HOST
fi
"$TF_ACC_TERRAFORM_PATH" version | head -n 1

go run ./internal/lab/cmd/lab install
if [ "${CI:-}" != true ]; then
	exec go test -count=1 "$@"
fi
packages=
for arg; do
	shift
	case $arg in
	./*) packages="$packages $arg" ;;
	*) set -- "$@" "$arg" ;;
	esac
done
exec "$(internal/tools/tool.sh gotestsum)" --format standard-quiet --rerun-fails=1 --rerun-fails-run-root-test --rerun-fails-max-failures 8 \
	--packages "$packages" -- -count=1 "$@"
