#!/bin/sh
# Runs parts of a check, targets of the makefile, two at a time, all of them even if
# one fails, and says in the end what each took.
#
#   check.sh TARGET...
set -u

cd "$(dirname "$0")/../.."
mkdir -p .homelab/tests
HOMELAB_SECTIONS=$PWD/.homelab/tests/sections
export HOMELAB_SECTIONS
: >"$HOMELAB_SECTIONS"

start=$(date +%s)
status=0
# Built once, before parts that run at the same time need it.
make --no-print-directory build && make --no-print-directory --keep-going --jobs 2 "$@" || status=$?
printf '\n=== What each part took\n'
sort -rn "$HOMELAB_SECTIONS"
echo "$(($(date +%s) - start)) s in all"
exit "$status"
