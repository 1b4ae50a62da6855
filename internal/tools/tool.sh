#!/bin/sh
# Builds a pinned tool into .homelab/bin and prints its path.
#
#   tool.sh tfplugindocs | golangci-lint | gotestsum | actionlint | terraform-docs |
#           tofu | compose | registry | tflint
#
# The version comes from the tool's own module below internal/tools. A tool is
# built when it is missing, or when that module or the Go version changed.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
name=${1:?usage: tool.sh NAME}
ldflags="-s -w"

case "$name" in
tfplugindocs)
	module=docs
	package=github.com/hashicorp/terraform-plugin-docs/cmd/tfplugindocs
	;;
golangci-lint)
	module=lint
	package=github.com/golangci/golangci-lint/v2/cmd/golangci-lint
	;;
tofu)
	module=tofu
	package=github.com/opentofu/opentofu/cmd/tofu
	# Without it OpenTofu calls itself a development build.
	ldflags="$ldflags -X github.com/opentofu/opentofu/version.dev=no"
	;;
gotestsum)
	module=gotestsum
	package=gotest.tools/gotestsum
	;;
actionlint)
	module=actionlint
	package=github.com/rhysd/actionlint/cmd/actionlint
	;;
terraform-docs)
	module=terraform-docs
	package=github.com/terraform-docs/terraform-docs
	;;
tflint)
	module=tflint
	package=github.com/terraform-linters/tflint
	;;
registry)
	module=registry
	package=github.com/distribution/distribution/v3/cmd/registry
	;;
compose)
	module=compose
	package=github.com/docker/compose/v5/cmd
	;;
*)
	echo "tool.sh: no tool is called $name" >&2
	exit 2
	;;
esac

dir=$root/internal/tools/$module
bin=$root/.homelab/bin/$name
export GOWORK=off CGO_ENABLED=0

if [ "$name" = compose ]; then
	version=$(awk '$1 == "github.com/docker/compose/v5" { print $2 }' "$dir/go.mod")
	ldflags="$ldflags -X github.com/docker/compose/v5/internal.Version=$version"
fi

key=$({ cat "$dir/go.mod" "$dir/go.sum" "$0"; go version; } | cksum)
if [ ! -x "$bin" ] || [ "$key" != "$(cat "$bin.key" 2>/dev/null || true)" ]; then
	echo "==> Building $name (once; it takes a few minutes on a small machine)" >&2
	mkdir -p "$root/.homelab/bin"
	# Another make may run at the same time: build aside, then move.
	go build -C "$dir" -trimpath -ldflags "$ldflags" -o "$bin.$$" "$package" >&2
	mv -f "$bin.$$" "$bin"
	printf '%s\n' "$key" >"$bin.key"
fi
echo "$bin"
