#!/bin/sh
# Runs tests with TF_ACC=1, on engines that the lab starts and removes.
#
#   acceptance.sh [ARGUMENT OF GO TEST...]
#
# HOMELAB_TEST_TIMES names the file of the tests' times (see gotest.sh), for runs at
# the same time as others.
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
exec internal/tools/gotest.sh "${HOMELAB_TEST_TIMES:-lab}" -count=1 "$@"
