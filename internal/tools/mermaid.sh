#!/bin/sh
# Gives the diagrams of homelab_topology to the real Mermaid.
#
#   mermaid.sh parse      to its parser; skipped, saying so, without node and npm
#   mermaid.sh render     to two versions of it in a headless Chromium; what a fresh
#                         Debian lacks for it is installed
#
# The versions are those of internal/tools/mermaid/package-lock.json, installed
# into .homelab/mermaid when they changed. Pictures are left in
# .homelab/mermaid/pictures.
set -eu

mode=${1:?usage: mermaid.sh parse|render}
root=$(cd "$(dirname "$0")/../.." && pwd)
here=$root/internal/tools/mermaid
modules=$root/.homelab/mermaid/$mode

# install PACKAGE...: with apt, where that is possible.
install() {
	if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
		echo "mermaid.sh: install $* first" >&2
		exit 1
	fi
	echo "==> Installing $*" >&2
	apt-get update -qq >&2
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >&2
}

if [ "$mode" = parse ] && ! { command -v node && command -v npm; } >/dev/null; then
	echo "skipped: node and npm are needed to ask the real Mermaid; make test-topology installs them"
	exit 0
fi
command -v node >/dev/null && command -v npm >/dev/null || install nodejs npm
omit=--omit=dev
if [ "$mode" = render ]; then
	omit=
	command -v chromium >/dev/null || install chromium fonts-dejavu-core
	HOMELAB_CHROMIUM=$(command -v chromium)
	export HOMELAB_CHROMIUM
fi

key=$(cat "$here/package.json" "$here/package-lock.json" | cksum)
if [ "$key" != "$(cat "$modules/key" 2>/dev/null || true)" ]; then
	rm -rf "$modules"
	mkdir -p "$modules"
	cp "$here/package.json" "$here/package-lock.json" "$here/.npmrc" "$modules"
	echo "==> Installing Mermaid" >&2
	# shellcheck disable=SC2086 # no word for nothing omitted
	if ! npm --prefix "$modules" ci $omit --ignore-scripts --no-progress --fetch-retries=5 >"$modules/npm.log" 2>&1; then
		cat "$modules/npm.log" >&2
		[ "$mode" = render ] && exit 1
		echo "skipped: npm could not install Mermaid, so the diagrams were not given to it"
		exit 0
	fi
	echo "$key" >"$modules/key"
fi

if [ "$mode" = render ]; then
	HOMELAB_MERMAID_PICTURES=$root/.homelab/mermaid/pictures
	mkdir -p "$HOMELAB_MERMAID_PICTURES"
	export HOMELAB_MERMAID_PICTURES
fi
HOMELAB_MERMAID=$mode HOMELAB_MERMAID_MODULES=$modules
export HOMELAB_MERMAID HOMELAB_MERMAID_MODULES
cd "$root"
go test -count=1 -timeout 60m -run '^TestMermaid' ./internal/resources/topology
