// Package curve prepares the curve of Terraform's certificate while the rest of
// the program is still being initialized.
//
// Terraform proves who it is with a key on P-521. The first check of a signature
// makes Go compute the curve's table, some 8 ms, and Terraform would wait for it.
// It waits already for the program to start, with a processor idle: packages are
// initialized one after the other, this one before the large ones that the
// Compose model brings in. See docs/adr/0021.
package curve

import (
	"crypto/ecdh"
	"crypto/rand"
	"os"
)

// clientCertificate is set by whoever starts the program as a plugin.
const clientCertificate = "PLUGIN_CLIENT_CERT"

func init() {
	if os.Getenv(clientCertificate) != "" {
		go prepare()
	}
}

// prepare makes a key that nobody needs: it takes the same table.
func prepare() { _, _ = ecdh.P521().GenerateKey(rand.Reader) }
