package fleet_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/engine/fleet"
)

// isolate gives the test a Docker configuration folder of its own.
func isolate(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH", "DOCKER_API_VERSION"} {
		t.Setenv(name, "")
	}
	t.Setenv("DOCKER_CONFIG", dir)
	return dir
}

func local(t *testing.T) *fleet.Node {
	t.Helper()
	f, err := fleet.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
	n, err := f.Node(t.Context(), fleet.LocalNode)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func writeContext(t *testing.T, dir, name, endpoint string) (tls string) {
	t.Helper()
	sum := sha256.Sum256([]byte(name))
	id := hex.EncodeToString(sum[:])
	write(t, filepath.Join(dir, "contexts", "meta", id, "meta.json"),
		fmt.Sprintf(`{"Name":%q,"Metadata":{},"Endpoints":{"docker":%s}}`, name, endpoint))
	return filepath.Join(dir, "contexts", "tls", id, "docker")
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestNew_NoNodes_UsesDockerHostBeforeTheContext(t *testing.T) {
	dir := isolate(t)
	writeContext(t, dir, "lab", `{"Host":"unix:///nonexistent"}`)
	t.Setenv("DOCKER_CONTEXT", "lab")
	host := serve(t, &engine{api: "1.47"})
	t.Setenv("DOCKER_HOST", host)
	if got := local(t).Host(); got != host {
		t.Errorf("host: got %s, want %s", got, host)
	}
}

func TestNew_DockerHostWithCertPath_VerifiesAndConnects(t *testing.T) {
	isolate(t)
	a := newAuthority(t)
	cert, key := a.issue(t)
	t.Setenv("DOCKER_HOST", serveTLS(t, a))
	t.Setenv("DOCKER_CERT_PATH", writeCertificates(t, a.pem, cert, key))
	t.Setenv("DOCKER_TLS_VERIFY", "1")
	local(t)
}

func TestNew_NoNodes_UsesTheCurrentContext(t *testing.T) {
	dir := isolate(t)
	host := serveSocket(t, &engine{api: "1.47"})
	writeContext(t, dir, "lab", fmt.Sprintf(`{"Host":%q}`, host))
	write(t, filepath.Join(dir, "config.json"), `{"auths":{},"currentContext":"lab"}`)
	if got := local(t).Host(); got != host {
		t.Errorf("host: got %s, want %s", got, host)
	}
}

func TestNew_ContextWithCertificates_Connects(t *testing.T) {
	dir := isolate(t)
	a := newAuthority(t)
	cert, key := a.issue(t)
	tls := writeContext(t, dir, "lab", fmt.Sprintf(`{"Host":%q}`, serveTLS(t, a)))
	write(t, filepath.Join(tls, "ca.pem"), a.pem)
	write(t, filepath.Join(tls, "cert.pem"), cert)
	write(t, filepath.Join(tls, "key.pem"), key)
	t.Setenv("DOCKER_CONTEXT", "lab")
	local(t)
}

func TestNew_UnusableContext_SaysWhichAndWhy(t *testing.T) {
	dir := isolate(t)
	writeContext(t, dir, "lax", `{"Host":"tcp://10.0.2.20:2376","SkipTLSVerify":true}`)
	writeContext(t, dir, "remote", `{"Host":"tcp://10.0.2.20:2375"}`)
	for name, text := range map[string]string{
		"absent": `the Docker context "absent" cannot be used: it does not exist`,
		"lax":    "skips the verification of certificates",
		"remote": `The address comes from the Docker context "remote"`,
	} {
		t.Setenv("DOCKER_CONTEXT", name)
		_, err := fleet.New(nil)
		requireError(t, err, fleet.InvalidHost, `Node "local"`, text)
	}
}

func TestNew_BrokenConfigFile_DoesNotQuoteIt(t *testing.T) {
	dir := isolate(t)
	write(t, filepath.Join(dir, "config.json"), `{"auths":{"a":{"auth":"c2VjcmV0"}`)
	_, err := fleet.New(nil)
	requireError(t, err, fleet.InvalidHost, "config.json is not valid JSON")
}

func TestNew_NothingConfigured_UsesTheDefaultSocket(t *testing.T) {
	isolate(t)
	f, err := fleet.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := f.Names(); len(got) != 1 || got[0] != fleet.LocalNode {
		t.Errorf("names: got %v", got)
	}
}
