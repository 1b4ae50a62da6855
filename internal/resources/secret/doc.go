// Package secret is the Terraform resource homelab_secret.
package secret
