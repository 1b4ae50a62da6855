#!/bin/sh
# Builds what a conformance run needs beside the tools of tool.sh, and prints the
# directory of the engine:
#
#   engine.sh           a current Docker engine: dockerd, docker-proxy and runc,
#                       in .homelab/bin/engine
#   engine.sh buildx    the plugin with which Docker Compose builds images, in
#                       .homelab/bin; prints its path
#
# runc needs a C compiler and libseccomp-dev. The versions come from the modules
# engine, runc and buildx below internal/tools. A program is built when it is
# missing, or when its module or the Go version changed.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
bin=$root/.homelab/bin
export GOWORK=off

# build FILE MODULE PACKAGE CGO TAGS LDFLAGS
build() {
	dir=$root/internal/tools/$2
	key=$({ cat "$dir/go.mod" "$dir/go.sum"; echo "$3 $4 $5 $6"; go version; } | cksum)
	[ ! -x "$1" ] || [ "$key" != "$(cat "$1.key" 2>/dev/null || true)" ] || return 0
	echo "==> Building $(basename "$1") (once; it takes a few minutes on a small machine)" >&2
	mkdir -p "$(dirname "$1")"
	# Another make may run at the same time: build aside, then move.
	CGO_ENABLED=$4 go build -C "$dir" -trimpath -tags "$5" -ldflags "-s -w $6" -o "$1.$$" "$3" >&2
	mv -f "$1.$$" "$1"
	printf '%s\n' "$key" >"$1.key"
}

case "${1:-engine}" in
engine)
	moby=github.com/moby/moby/v2/cmd
	build "$bin/engine/dockerd" engine $moby/dockerd 0 exclude_graphdriver_btrfs ""
	build "$bin/engine/docker-proxy" engine $moby/docker-proxy 0 "" ""
	build "$bin/engine/runc" runc github.com/opencontainers/runc 1 seccomp ""
	echo "$bin/engine"
	;;
buildx)
	# The release with the same BuildKit as Docker Compose 5.5.1, so that most of
	# it is compiled already.
	version=$(awk '$1 == "github.com/docker/buildx" { print $2 }' "$root/internal/tools/buildx/go.mod")
	build "$bin/buildx" buildx github.com/docker/buildx/cmd/buildx 0 "" "-X github.com/docker/buildx/version.Version=$version"
	echo "$bin/buildx"
	;;
*)
	echo "engine.sh: no program is called $1" >&2
	exit 2
	;;
esac
