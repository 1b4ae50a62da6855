# Makes MinIO's buckets, policies and users what the configuration says. It can
# run any number of times, and needs nothing but a shell and mc.
set -eu

# secret NAME puts a secret's only line into $value.
secret() {
	value=""
	IFS= read -r value <"/run/secrets/$1" || [ -n "$value" ] || {
		echo "The secret $1 is empty." >&2
		exit 1
	}
}

# Passwords go through standard input: arguments can be seen.
secret root
printf '%s\n%s\n' "$ROOT_USER" "$value" | mc --quiet alias set minio "$ENDPOINT" --api S3v4

while IFS=' ' read -r bucket versioning quota; do
	mc --quiet mb --ignore-existing "minio/$bucket"
	[ "$versioning" = keep ] || mc --quiet version enable "minio/$bucket"
	if [ "$quota" = none ]; then
		mc --quiet quota clear "minio/$bucket"
	else
		mc --quiet quota set "minio/$bucket" --size "$quota"
	fi
done </etc/homelab/buckets

while IFS= read -r user; do
	secret "$user"
	mc --quiet admin policy create minio "$user" "/etc/homelab/policies/$user.json"
	printf '%s\n%s\n' "$user" "$value" | mc --quiet admin user add minio
	case $(mc --json admin user info minio "$user") in
	*"\"policyName\":\"$user\""*) ;;
	*) mc --quiet admin policy attach minio "$user" --user "$user" ;;
	esac
done </etc/homelab/users

echo "The buckets and users are there."
: >/tmp/done
exec sleep infinity
