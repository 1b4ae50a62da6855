#!/bin/sh
# Writes each module's inputs and outputs, and the table of its images, into its
# README, between the markers.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
docs=$("$root/internal/tools/tool.sh" terraform-docs)

for readme in "$root"/modules/*/README.md; do
	[ -e "$readme" ] || continue
	"$docs" markdown table --indent 3 --hide-empty --hide requirements --hide providers --hide modules --hide resources --hide data-sources \
		--output-file README.md --output-mode inject --lockfile=false "$(dirname "$readme")" >/dev/null
done

cd "$root"
go run ./internal/lab/catalog/cmd/imagetable
