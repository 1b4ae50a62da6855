// Command standin is the program of package standin.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/standin"
)

func main() {
	var spec standin.Spec
	content, err := os.ReadFile(standin.SpecFile)
	if err == nil {
		err = json.Unmarshal(content, &spec)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "stand-in: read what to stand for:", err)
		os.Exit(1)
	}
	os.Exit(spec.Main(os.Args))
}
