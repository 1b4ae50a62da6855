#!/bin/sh
# Runs a command as a named section of a longer run and says how long it took.
#
#   section.sh [-quiet] NAME COMMAND [ARGUMENT...]
#
# With -quiet the output comes in one piece when the command has ended: for what
# runs beside something else. The outcome is also a line of the file that
# HOMELAB_SECTIONS names.
set -u

quiet=
if [ "${1:-}" = -quiet ]; then
	quiet=yes
	shift
fi
name=${1:?usage: section.sh [-quiet] NAME COMMAND...}
shift
start=$(date +%s)
status=0
if [ -n "$quiet" ]; then
	output=$("$@" 2>&1) || status=$?
	printf '\n=== %s\n%s\n' "$name" "$output"
else
	printf '\n=== %s\n' "$name"
	"$@" || status=$?
fi
took=$(($(date +%s) - start))
outcome=ok
[ "$status" -eq 0 ] || outcome=FAILED
echo "=== $name: $outcome, ${took} s"
if [ -n "${HOMELAB_SECTIONS:-}" ]; then
	printf '%6d s  %-6s  %s\n' "$took" "$outcome" "$name" >>"$HOMELAB_SECTIONS"
fi
exit "$status"
