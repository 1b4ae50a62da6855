#!/bin/sh
# Runs the example in examples/quickstart against a Docker engine.
#
#   quickstart.sh up CLI_CONFIG      apply it, and say what to try next
#   quickstart.sh down               destroy it
#
# "up" leaves a small wrapper, .homelab/tf: Terraform in the example's
# directory, with the provider just built and the engine that was found.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
example=$root/examples/quickstart
wrapper=$root/.homelab/tf

# quote VALUE: VALUE as one word of a shell script.
quote() {
	printf "'%s'" "$(printf '%s' "$1" | sed "s/'/'\\\\''/g")"
}

up() {
	config=${1:?usage: quickstart.sh up CLI_CONFIG}
	terraform=$("$root/internal/tools/terraform.sh")
	echo "==> Looking for a Docker engine"
	engine=$(cd "$root" && go run ./internal/lab/cmd/lab engine)
	echo "    $engine"

	cat >"$wrapper.$$" <<WRAPPER
#!/bin/sh
# Written by "make quickstart": Terraform on the quick start.
TF_CLI_CONFIG_FILE=$(quote "$config")
DOCKER_HOST=$(quote "$engine")
export TF_CLI_CONFIG_FILE DOCKER_HOST
exec $(quote "$terraform") -chdir=$(quote "$example") "\$@"
WRAPPER
	chmod +x "$wrapper.$$"
	mv -f "$wrapper.$$" "$wrapper"

	# The lock file holds the checksum of an earlier build.
	rm -f "$example/.terraform.lock.hcl"
	echo "==> terraform init"
	"$wrapper" init -input=false -no-color >"$root/.homelab/init.log" || {
		cat "$root/.homelab/init.log" >&2
		exit 1
	}
	echo "==> terraform apply"
	"$wrapper" apply -auto-approve -input=false

	url=$("$wrapper" output -raw url)
	cat <<NEXT

It runs. Open  $url

What to try next, from this directory (.homelab/tf is Terraform on the example):

  .homelab/tf plan                   nothing to change
  .homelab/tf plan -var port=8081    one value, one service, and why
NEXT
	# The drift is made with the docker command, which a machine may lack.
	if command -v docker >/dev/null; then
		cat <<NEXT

  Stop a container by hand, see it in the plan, and put it right:

  export DOCKER_HOST=$(quote "$engine")
  docker stop \$(docker ps -q --filter label=com.docker.compose.project=hello | head -n 1)
  .homelab/tf plan
  .homelab/tf apply
NEXT
	fi
	cat <<NEXT

  make quickstart-destroy            removes everything
NEXT
}

down() {
	if [ ! -x "$wrapper" ]; then
		echo "Nothing to destroy: make quickstart has not run here."
		exit 0
	fi
	"$wrapper" destroy -auto-approve -input=false
	rm -f "$wrapper"
}

case "${1:-}" in
up) up "${2:-}" ;;
down) down ;;
*)
	echo "usage: quickstart.sh up CLI_CONFIG | down" >&2
	exit 2
	;;
esac
