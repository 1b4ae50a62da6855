# Makes Wazuh's certificates, once: a CA, the administrator's, and one for each of
# the names given. They stay in the volume, and last ten years.
set -eu
umask 077
cd /certificates

subject=/C=US/L=California/O=Wazuh/OU=Wazuh

# certificate NAME FILE makes a key and a certificate that the CA signs.
certificate() {
	openssl req -new -newkey rsa:2048 -nodes -subj "$subject/CN=$1" -keyout "$2-key.pem" -out "$2.csr"
	printf 'subjectAltName=DNS:%s\nextendedKeyUsage=serverAuth,clientAuth\n' "$1" >"$2.ext"
	openssl x509 -req -in "$2.csr" -CA root-ca.pem -CAkey root-ca.key -CAcreateserial -days 3650 -sha256 -extfile "$2.ext" -out "$2.pem"
	rm "$2.csr" "$2.ext"
}

if [ ! -e done ]; then
	openssl req -x509 -new -newkey rsa:2048 -nodes -days 3650 -sha256 -subj "$subject/CN=root-ca" -keyout root-ca.key -out root-ca.pem
	certificate admin admin
	for name in "$@"; do
		certificate "$name" "$name"
	done
	: >done
fi

# The indexer and the dashboard run as 1000, the manager as root.
chmod 0755 .
chmod 0444 ./*.pem
chmod 0400 root-ca.key ./*-key.pem
chown 1000:1000 ./*-key.pem
echo "The certificates are there."
