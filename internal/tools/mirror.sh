#!/bin/sh
# Puts the built provider where Terraform and OpenTofu find it without a
# registry, and writes the CLI configuration that points there.
#
#   mirror.sh VERSION [NAME]      prints the path of the CLI configuration
#
# Each NAME has a mirror of its own: who keeps a lock file, as the quick start
# does, keeps the build that it was made with. Nothing outside .homelab is written: the user's own CLI configuration stands.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
version=${1:?usage: mirror.sh VERSION [NAME]}
home=$root/.homelab/${2:-checks}
platform=$(go env GOOS)_$(go env GOARCH)
mirror=$home/mirror

# The two programs look under different host names for a source without one.
for host in registry.terraform.io registry.opentofu.org; do
	dir=$mirror/$host/homelab-iac/homelab/$version/$platform
	mkdir -p "$dir"
	# The program for SOPS files is there after "make sops" only.
	for program in "terraform-provider-homelab terraform-provider-homelab_v$version" "homelab-sops homelab-sops"; do
		[ -e "$root/.homelab/${program% *}" ] || continue
		cp -f "$root/.homelab/${program% *}" "$dir/.new.$$"
		mv -f "$dir/.new.$$" "$dir/${program#* }"
	done
done

cat >"$home/terraform.rc.$$" <<RC
disable_checkpoint = true

provider_installation {
  filesystem_mirror {
    path    = "$mirror"
    include = ["registry.terraform.io/homelab-iac/homelab", "registry.opentofu.org/homelab-iac/homelab"]
  }
  direct {
    exclude = ["registry.terraform.io/homelab-iac/homelab", "registry.opentofu.org/homelab-iac/homelab"]
  }
}
RC
mv -f "$home/terraform.rc.$$" "$home/terraform.rc"
echo "$home/terraform.rc"
