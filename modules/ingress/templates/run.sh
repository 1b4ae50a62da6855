#!/bin/sh
# Runs the program given as arguments as long as the container lives; begins its
# access log anew when it is large, and has it load its certificate when that changed.
set -u

sum() {
	[ -z "${CERTIFICATE:-}" ] || md5sum "$CERTIFICATE" 2>/dev/null
}

# nginx does not start without its certificate: until there is one it answers the
# challenge alone.
configure() {
	[ -e /etc/ingress/nginx.conf ] || return 0
	if [ -s "$CERTIFICATE" ]; then
		cat /etc/ingress/nginx.conf >/tmp/nginx.conf
	else
		cat /etc/ingress/challenge.conf >/tmp/nginx.conf
	fi
}

seen=$(sum)
configure
"$@" &
main=$!
for signal in TERM INT QUIT HUP USR1; do
	# shellcheck disable=SC2064 # the process is known now
	trap "kill -$signal $main" "$signal"
done

while kill -0 "$main" 2>/dev/null; do
	sleep 15 &
	wait $!
	if [ -n "${ACCESS_LOG:-}" ] && [ -f "$ACCESS_LOG" ] && [ "$(wc -c <"$ACCESS_LOG")" -gt "$ACCESS_LOG_BYTES" ]; then
		mv -f "$ACCESS_LOG" "$ACCESS_LOG.1"
		kill -USR1 "$main"
	fi
	now=$(sum)
	if [ "$now" != "$seen" ]; then
		seen=$now
		configure
		kill -HUP "$main"
	fi
done
wait "$main"
