package certificate_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/homelab-iac/terraform-provider-homelab/internal/certificate"
)

const seed = "a-seed-of-thirty-two-characters-or-more"

func issuer(t *testing.T, seed string) *certificate.Issuer {
	t.Helper()
	from := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	i, err := certificate.New([]byte(seed), certificate.Authority{Name: "Home", NotBefore: from, NotAfter: from.AddDate(100, 0, 0)})
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func issue(t *testing.T, i *certificate.Issuer, name string, profile certificate.Profile, change func(*certificate.Request)) certificate.Issued {
	t.Helper()
	from := time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC)
	r := certificate.Request{Profile: profile, CommonName: name, DNSNames: []string{name + ".home.arpa"}, Addresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: from, NotAfter: from.AddDate(90, 0, 0)}
	if change != nil {
		change(&r)
	}
	issued, err := i.Issue(name, r)
	if err != nil {
		t.Fatal(err)
	}
	return issued
}

func TestIssue_SameSeed_GivesTheSameBytes(t *testing.T) {
	one, again := issuer(t, seed), issuer(t, seed)
	if one.Root() != again.Root() || one.Intermediate() != again.Intermediate() {
		t.Error("the authority differs")
	}
	first := issue(t, one, "registry", certificate.Server, nil)
	if first != issue(t, again, "registry", certificate.Server, nil) {
		t.Error("the certificate or its key differs")
	}
	renewed := issue(t, one, "registry", certificate.Server, func(r *certificate.Request) { r.NotBefore = r.NotBefore.AddDate(1, 0, 0) })
	longer := issue(t, one, "registry", certificate.Server, func(r *certificate.Request) { r.NotAfter = r.NotAfter.AddDate(1, 0, 0) })
	other := issue(t, issuer(t, seed+"x"), "registry", certificate.Server, nil)
	neighbour := issue(t, one, "collector", certificate.Server, nil)
	for what, key := range map[string]string{"a renewed one": renewed.Key, "one of another seed": other.Key, "another one": neighbour.Key} {
		if key == first.Key {
			t.Errorf("%s has the same key", what)
		}
	}
	if longer.Key != first.Key || longer.Chain == first.Chain || parse(t, longer.Chain).SerialNumber.Cmp(parse(t, first.Chain).SerialNumber) == 0 {
		t.Error("one that is valid longer should have the same key and another serial number")
	}
}

func parse(t *testing.T, text string) *x509.Certificate {
	t.Helper()
	block, _ := pem.Decode([]byte(text))
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestNew_SeedThatCanBeGuessed_IsRefused(t *testing.T) {
	if _, err := certificate.New([]byte("short"), certificate.Authority{}); !errors.Is(err, certificate.ErrShortSeed) {
		t.Errorf("got %v", err)
	}
}

func TestIssue_LongerThanTheAuthority_IsRefused(t *testing.T) {
	_, err := issuer(t, seed).Issue("x", certificate.Request{Profile: certificate.Server, NotBefore: time.Now(), NotAfter: time.Now().AddDate(200, 0, 0)})
	if err == nil || !strings.Contains(err.Error(), "its authority is from 2020-01-01 to 2120-01-01") {
		t.Errorf("got %v", err)
	}
}

// The registry asks a client that scrapes it for a certificate, as the collector does
// the registry.
func TestIssue_MutualTLS_LetsInWhoHasTheProfile(t *testing.T) {
	i := issuer(t, seed)
	trusted := x509.NewCertPool()
	trusted.AppendCertsFromPEM([]byte(i.Root()))
	registry := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "metrics for "+r.TLS.PeerCertificates[0].Subject.CommonName)
	}))
	registry.Config.ErrorLog = quiet()
	registry.TLS = &tls.Config{Certificates: []tls.Certificate{pair(t, issue(t, i, "registry", certificate.Server, nil))}, ClientCAs: trusted,
		ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS12}
	registry.StartTLS()
	defer registry.Close()
	for name, tc := range map[string]struct {
		by   *certificate.Issuer
		as   certificate.Profile
		want bool
	}{
		"client": {i, certificate.Client, true}, "peer": {i, certificate.Peer, true}, "server": {i, certificate.Server, false},
		"stranger": {issuer(t, seed+"x"), certificate.Client, false},
	} {
		collector := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusted, MinVersion: tls.VersionTLS12,
			Certificates: []tls.Certificate{pair(t, issue(t, tc.by, "collector", tc.as, nil))}}}}
		resp, err := collector.Get(registry.URL)
		if (err == nil) != tc.want {
			t.Errorf("%s: let in is %t (%v)", name, err == nil, err)
		}
		if err != nil {
			continue
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if string(body) != "metrics for collector" {
			t.Errorf("%s: got %q", name, body)
		}
	}
}

func pair(t *testing.T, issued certificate.Issued) tls.Certificate {
	t.Helper()
	c, err := tls.X509KeyPair([]byte(issued.Chain), []byte(issued.Key))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// What Go accepts of its own making, others need not.
func TestIssue_OpenSSL_AcceptsTheChain(t *testing.T) {
	program, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("there is no openssl")
	}
	i, dir := issuer(t, seed), t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	root, between := write("root", i.Root()), write("intermediate", i.Intermediate())
	for profile, purpose := range map[certificate.Profile]string{certificate.Server: "sslserver", certificate.Client: "sslclient"} {
		leaf := write(string(profile), issue(t, i, "registry", profile, nil).Chain)
		out, err := exec.Command(program, "verify", "-x509_strict", "-purpose", purpose, "-CAfile", root, "-untrusted", between, leaf).CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v\n%s", profile, err, out)
		}
	}
}

func quiet() *log.Logger { return log.New(io.Discard, "", 0) }
