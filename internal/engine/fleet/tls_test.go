package fleet_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/engine/fleet"
)

// serveTLS runs an engine that asks for client certificates of the authority.
func serveTLS(t *testing.T, a authority) string {
	t.Helper()
	cert, key := a.issue(t)
	pair, err := tls.X509KeyPair([]byte(cert), []byte(key))
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	s := httptest.NewUnstartedServer(&engine{api: "1.47"})
	s.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert}
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	return "tcp://" + s.Listener.Addr().String()
}

func TestNode_TLSWithPEM_Connects(t *testing.T) {
	a := newAuthority(t)
	cert, key := a.issue(t)
	f := one(t, fleet.NodeConfig{Host: serveTLS(t, a), TLS: &fleet.TLS{CA: a.pem, Cert: cert, Key: key}})
	n, err := f.Node(t.Context(), "atlas")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := n.ServerVersion(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestNode_TLSWithFiles_Connects(t *testing.T) {
	a := newAuthority(t)
	cert, key := a.issue(t)
	dir := writeCertificates(t, a.pem, cert, key)
	f := one(t, fleet.NodeConfig{Host: serveTLS(t, a), TLS: &fleet.TLS{
		CAFile: filepath.Join(dir, "ca.pem"), CertFile: filepath.Join(dir, "cert.pem"),
		KeyFile: filepath.Join(dir, "key.pem"), ServerName: "engine",
	}})
	if _, err := f.Node(t.Context(), "atlas"); err != nil {
		t.Fatal(err)
	}
}

func TestNode_TLSFailures_HaveTheirDiagnostics(t *testing.T) {
	a, other := newAuthority(t), newAuthority(t)
	cert, key := a.issue(t)
	foreignCert, foreignKey := other.issue(t)
	host, plain := serveTLS(t, a), serve(t, &engine{api: "1.47"})
	const reached, file = " Other nodes are not affected.", " Correct it and run Terraform again."
	for name, tc := range map[string]struct {
		host string
		tls  *fleet.TLS
		want string
	}{
		"wrong authority": {host, &fleet.TLS{CA: other.pem, Cert: cert, Key: key},
			"the engine's certificate is not signed by the certificate authority in use. Set tls.ca_file (or tls.ca) to the authority that signed it." + reached},
		"no authority": {host, &fleet.TLS{Cert: cert, Key: key},
			"the engine's certificate is not signed by the certificate authority in use. Set tls.ca_file (or tls.ca) to the authority that signed it." + reached},
		"other name": {host, &fleet.TLS{CA: a.pem, Cert: cert, Key: key, ServerName: "helios"},
			"the engine's certificate is not made out to the name in use (x509: certificate is valid for engine, not helios). " +
				"Correct the host, set tls.server_name to a name in the certificate, or issue one with this name." + reached},
		"no client certificate": {host, &fleet.TLS{CA: a.pem},
			"the engine requires a client certificate. Set tls.cert_file and tls.key_file (or tls.cert and tls.key)." + reached},
		"foreign client certificate": {host, &fleet.TLS{CA: a.pem, Cert: foreignCert, Key: foreignKey},
			"the engine did not accept the client certificate (unknown certificate authority). " +
				"Use one that its certificate authority (tlscacert) signed for client authentication, and that has not expired." + reached},
		"no tls":                {host, nil, "the engine expects TLS. Set tls for this node." + reached},
		"tls to a plain engine": {plain, &fleet.TLS{CA: a.pem}, "what answers there does not speak TLS. Check the port; an engine's TLS port is 2376 by custom, and Portainer's 9443." + reached},
		"no such file":          {host, &fleet.TLS{CAFile: "/nonexistent/ca.pem"}, `tls.ca_file "/nonexistent/ca.pem" does not exist.` + file},
		"not PEM":               {host, &fleet.TLS{CA: "hello"}, "tls.ca holds no certificate in PEM form." + file},
		"mixed pair": {host, &fleet.TLS{CA: a.pem, Cert: cert, Key: foreignKey},
			"tls.cert and its key do not work together (tls: private key does not match public key)." + file},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := one(t, fleet.NodeConfig{Host: tc.host, TLS: tc.tls}).Node(t.Context(), "atlas")
			var e *fleet.Error
			if !errors.As(err, &e) {
				t.Fatal(err)
			}
			if want := fmt.Sprintf("Node \"atlas\" (%s): %s", tc.host, tc.want); e.Detail() != want {
				t.Errorf("got:\n%s\nwant:\n%s", e.Detail(), want)
			}
		})
	}
}

func writeCertificates(t *testing.T, ca, cert, key string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"ca.pem": ca, "cert.pem": cert, "key.pem": key} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
