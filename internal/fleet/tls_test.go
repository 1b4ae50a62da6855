package fleet_test

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/fleet"
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

func TestNode_TLSFailures_SayWhichPartIsWrong(t *testing.T) {
	a, other := newAuthority(t), newAuthority(t)
	cert, key := a.issue(t)
	foreignCert, foreignKey := other.issue(t)
	host := serveTLS(t, a)
	for name, tc := range map[string]struct {
		config fleet.NodeConfig
		kind   fleet.Kind
		text   string
	}{
		"wrong authority": {
			fleet.NodeConfig{Host: host, TLS: &fleet.TLS{CA: other.pem, Cert: cert, Key: key}}, fleet.Unreachable, "not signed by the certificate authority in use",
		},
		"no authority": {
			fleet.NodeConfig{Host: host, TLS: &fleet.TLS{Cert: cert, Key: key}}, fleet.Unreachable, "Set tls.ca_file",
		},
		"other name": {
			fleet.NodeConfig{Host: host, TLS: &fleet.TLS{CA: a.pem, Cert: cert, Key: key, ServerName: "helios"}}, fleet.Unreachable, "tls.server_name",
		},
		"no client certificate": {
			fleet.NodeConfig{Host: host, TLS: &fleet.TLS{CA: a.pem}}, fleet.Unreachable, "requires a client certificate",
		},
		"foreign client certificate": {
			fleet.NodeConfig{Host: host, TLS: &fleet.TLS{CA: a.pem, Cert: foreignCert, Key: foreignKey}}, fleet.Unreachable, "client certificate",
		},
		"no tls": {
			fleet.NodeConfig{Host: host}, fleet.Unreachable, "expects TLS",
		},
		"tls to a plain engine": {
			fleet.NodeConfig{Host: serve(t, &engine{api: "1.47"}), TLS: &fleet.TLS{CA: a.pem}}, fleet.Unreachable, "does not speak TLS",
		},
		"no such file": {
			fleet.NodeConfig{Host: host, TLS: &fleet.TLS{CAFile: "/nonexistent/ca.pem"}}, fleet.InvalidTLS, `tls.ca_file "/nonexistent/ca.pem" does not exist`,
		},
		"not PEM": {
			fleet.NodeConfig{Host: host, TLS: &fleet.TLS{CA: "hello"}}, fleet.InvalidTLS, "tls.ca holds no certificate",
		},
		"mixed pair": {
			fleet.NodeConfig{Host: host, TLS: &fleet.TLS{CA: a.pem, Cert: cert, Key: foreignKey}}, fleet.InvalidTLS, "do not work together",
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := one(t, tc.config).Node(t.Context(), "atlas")
			e := requireError(t, err, tc.kind, tc.text)
			if strings.Contains(e.Detail(), "BEGIN") {
				t.Error("key material is shown")
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
