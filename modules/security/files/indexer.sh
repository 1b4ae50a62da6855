# Gives the indexer its certificates and its users' passwords, and starts it. It
# hashes the passwords with the image's own tool.
set -eu

home=/usr/share/wazuh-indexer
export OPENSEARCH_JAVA_HOME="$home/jdk"

tool=$home/plugins/opensearch-security/tools/hash.sh
[ -x "$tool" ] || tool="bash $tool"

mkdir -p "$home/config/certs"
cp /certificates/root-ca.pem /certificates/admin.pem /certificates/admin-key.pem "$home/config/certs/"
cp /certificates/wazuh.indexer.pem "$home/config/certs/indexer.pem"
cp /certificates/wazuh.indexer-key.pem "$home/config/certs/indexer-key.pem"

# hash SECRET prints the hash of a secret's password.
hash() {
	# From the environment: arguments can be seen.
	PASSWORD=$(cat "/run/secrets/$1") $tool -env PASSWORD | tail -n 1
}

cat >"$home/config/opensearch-security/internal_users.yml" <<USERS
_meta:
  type: internalusers
  config_version: 2
admin:
  hash: "$(hash wazuh)"
  reserved: true
  backend_roles: [admin]
kibanaserver:
  hash: "$(hash wazuh-dashboard)"
  reserved: true
USERS

exec /entrypoint.sh opensearchwrapper
