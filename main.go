// Command terraform-provider-homelab serves the provider to Terraform and
// OpenTofu.
package main

import (
	"context"
	"flag"
	"log"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"

	"github.com/homelab-iac/terraform-provider-homelab/internal/provider"
)

// version is set by the linker on release.
var version = "dev"

func main() {
	var debug bool
	flag.BoolVar(&debug, "debug", false, "serve until interrupted, for a debugger to attach")
	flag.Parse()

	err := providerserver.Serve(context.Background(), provider.New(version), providerserver.ServeOpts{
		Address: "registry.terraform.io/homelab-iac/homelab",
		Debug:   debug,
	})
	if err != nil {
		log.Fatal(err)
	}
}
