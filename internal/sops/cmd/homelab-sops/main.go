// Command homelab-sops decrypts one SOPS file for the provider beside it: a
// request on standard input, the answer on standard output, both JSON.
package main

import (
	"encoding/json"
	"io"
	"log"
	"os"

	"github.com/getsops/sops/v3/age"

	"github.com/homelab-iac/terraform-provider-homelab/internal/sops"
	"github.com/homelab-iac/terraform-provider-homelab/internal/sops/decrypt"
)

// keySources are the variables by which SOPS finds keys of age. A secret that a
// pipeline lacks is an empty variable there, at which SOPS panics or fails.
var keySources = []string{
	age.SopsAgeKeyEnv, age.SopsAgeKeyFileEnv, age.SopsAgeKeyCmdEnv, age.SopsAgeSshPrivateKeyFileEnv, age.SopsAgeSshPrivateKeyCmdEnv,
}

func main() {
	for _, name := range keySources {
		if os.Getenv(name) == "" {
			_ = os.Unsetenv(name) // it names a variable
		}
	}
	out := os.Stdout
	os.Stdout = os.Stderr // SOPS asks for passphrases of old keyrings there
	if err := serve(os.Stdin, out); err != nil {
		log.Fatal("homelab-sops is run by the provider homelab; to decrypt by hand, run sops decrypt: ", err)
	}
}

func serve(in io.Reader, out io.Writer) error {
	var request sops.Request
	if err := json.NewDecoder(in).Decode(&request); err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(decrypt.File(request))
}
