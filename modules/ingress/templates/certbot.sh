#!/bin/sh
# Gets one certificate for all hosts by the HTTP challenge, and asks twice a day
# whether it has to be renewed or a host was added. A failure is tried again later.
set -u

trap 'exit 0' TERM INT
domains=""
for host in $HOSTS; do
	domains="$domains -d $host"
done
tried=0
while :; do
	touch /tmp/alive
	now=$(date +%s)
	if [ $((now - tried)) -ge 43200 ]; then
		tried=$now
		# shellcheck disable=SC2086 # words
		certbot certonly --non-interactive --agree-tos --keep-until-expiring --expand --webroot -w "$WEBROOT" \
			--email "$EMAIL" --server "$SERVER" --cert-name "$NAME" $domains || tried=$((now - 43200 + 600))
	fi
	sleep 60 &
	wait $!
done
