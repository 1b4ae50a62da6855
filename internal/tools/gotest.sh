#!/bin/sh
# Runs go test and prints a line with the time of each package, failures as they
# occur, and in the end the 30 slowest tests. With -v it prints what go test -v does.
#
#   gotest.sh NAME [ARGUMENT OF GO TEST...]
#
# The times of all tests are left in .homelab/tests/NAME.json.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
name=${1:?usage: gotest.sh NAME [ARGUMENT...]}
shift
gotestsum=$("$root/internal/tools/tool.sh" gotestsum)
mkdir -p "$root/.homelab/tests"
times=$root/.homelab/tests/$name.json

format=pkgname-and-test-fails
case " $* " in
*" -v "*) format=standard-verbose ;;
esac
status=0
"$gotestsum" --format "$format" --format-icons text --format-hide-empty-pkg --jsonfile-timing-events "$times" -- "$@" || status=$?
# Without what took no second, and without this module's name before each.
slowest=$("$gotestsum" tool slowest --num 30 --jsonfile "$times" | sed -e '/ [0-9.]*ms$/d' -e '/ 0s$/d' -e 's,^[^ ]*/internal/,internal/,')
if [ -n "$slowest" ]; then
	printf '\n=== The slowest tests\n%s\n' "$slowest"
fi
exit "$status"
