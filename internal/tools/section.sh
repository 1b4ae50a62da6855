#!/bin/sh
# Runs a command as a named section of a longer run and says how long it took.
#
#   section.sh NAME COMMAND [ARGUMENT...]
set -u

name=${1:?usage: section.sh NAME COMMAND...}
shift
start=$(date +%s)
echo
echo "=== $name"
status=0
"$@" || status=$?
took=$(($(date +%s) - start))
if [ "$status" -eq 0 ]; then
	echo "=== $name: ok, ${took} s"
else
	echo "=== $name: FAILED, ${took} s"
fi
exit "$status"
