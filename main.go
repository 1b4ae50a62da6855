// Command terraform-provider-homelab serves the provider to Terraform and
// OpenTofu.
package main

import (
	"flag"
	"log"
	"os"
	runtime "runtime/debug"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

	"github.com/homelab-iac/terraform-provider-homelab/internal/handshake"
	"github.com/homelab-iac/terraform-provider-homelab/internal/provider"
)

// version is set by the linker on release.
var version = "dev"

// address is the provider's in the registry.
const address = "registry.terraform.io/homelab-iac/homelab"

// garbage is how much the heap may grow before it is collected, in percent of
// what lives: a provider's process lives for seconds, and a plan makes little.
const garbage = 400

// memory is how large the process may get before garbage is collected sooner than
// that, in bytes: a large fleet's plan makes much of it.
const memory = 384 << 20

func main() {
	var debug bool
	flag.BoolVar(&debug, "debug", false, "serve until interrupted, for a debugger to attach")
	flag.Parse()

	runtime.SetGCPercent(garbage)
	if os.Getenv("GOMEMLIMIT") == "" {
		runtime.SetMemoryLimit(memory)
	}
	quieten()
	if !debug {
		go endWithParent(os.Getppid())
	}

	if err := serve(debug); err != nil {
		log.Fatal(err)
	}
}

func serve(debug bool) error {
	if debug {
		return tf6server.Serve(address, provider.NewServer(version), tf6server.WithManagedDebug())
	}
	return handshake.Serve(address, provider.NewServer(version))
}

// endWithParent ends the process once Terraform, which started it, is gone.
// Nothing else would: the plugin library waits for Terraform's word, and a process
// that logs nothing does not notice that nobody reads its log.
func endWithParent(parent int) {
	for os.Getppid() == parent {
		time.Sleep(time.Second)
	}
	os.Exit(1)
}

// quieten turns the plugin libraries' own logs off where Terraform would drop
// them: they are thousands of lines, which both processes would encode and
// decode first.
func quieten() {
	for _, name := range []string{"TF_LOG", "TF_LOG_PROVIDER"} {
		if os.Getenv(name) != "" {
			return
		}
	}
	for _, name := range []string{"TF_LOG_SDK", "TF_LOG_SDK_FRAMEWORK", "TF_LOG_SDK_PROTO"} {
		if os.Getenv(name) == "" {
			_ = os.Setenv(name, "OFF") // without it there are only more lines
		}
	}
}
