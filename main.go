// Command terraform-provider-homelab serves the provider to Terraform and
// OpenTofu.
package main

import (
	"flag"
	"log"
	"os"
	"runtime/debug"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

	"github.com/homelab-iac/terraform-provider-homelab/internal/provider"
)

// version is set by the linker on release.
var version = "dev"

// address is the provider's in the registry.
const address = "registry.terraform.io/homelab-iac/homelab"

// memory is how large the process may get before garbage is collected sooner, in
// bytes: a large fleet's plan makes much of it.
const memory = 384 << 20

func main() {
	attach := flag.Bool("debug", false, "serve until interrupted, for a debugger to attach")
	flag.Parse()

	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memory)
	}
	var options []tf6server.ServeOpt
	if *attach {
		options = append(options, tf6server.WithManagedDebug())
	} else {
		go endWithParent(os.Getppid())
	}
	if err := tf6server.Serve(address, provider.NewServer(version), options...); err != nil {
		log.Fatal(err)
	}
}

// endWithParent ends the process once Terraform, which started it, is gone: a
// process that logs nothing does not notice that nobody reads its log.
func endWithParent(parent int) {
	for os.Getppid() == parent {
		time.Sleep(time.Second)
	}
	os.Exit(1)
}
