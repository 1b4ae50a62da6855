package fleet_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/engine/fleet"
)

func TestNode_Context_IsReadWhenTheNodeIsUsed(t *testing.T) {
	dir := isolate(t)
	f := one(t, fleet.NodeConfig{Context: "lab"})
	host := serveSocket(t, &engine{api: "1.47"})
	writeContext(t, dir, "lab", fmt.Sprintf(`{"Host":%q}`, host))
	n, err := f.Node(t.Context(), "atlas")
	if err != nil {
		t.Fatal(err)
	}
	if n.Host() != host {
		t.Errorf("host: got %s, want %s", n.Host(), host)
	}
}

func TestNode_ContextWithCertificates_Connects(t *testing.T) {
	dir := isolate(t)
	a := newAuthority(t)
	cert, key := a.issue(t)
	tls := writeContext(t, dir, "lab", fmt.Sprintf(`{"Host":%q}`, serveTLS(t, a)))
	write(t, filepath.Join(tls, "ca.pem"), a.pem)
	write(t, filepath.Join(tls, "cert.pem"), cert)
	write(t, filepath.Join(tls, "key.pem"), key)
	if _, err := one(t, fleet.NodeConfig{Context: "lab"}).Node(t.Context(), "atlas"); err != nil {
		t.Fatal(err)
	}
}

// The context "default" is what the Docker CLI means by it.
func TestNode_ContextDefault_IsDockerHost(t *testing.T) {
	isolate(t)
	host := serve(t, &engine{api: "1.47"})
	t.Setenv("DOCKER_HOST", host)
	n, err := one(t, fleet.NodeConfig{Context: "default"}).Node(t.Context(), "atlas")
	if err != nil {
		t.Fatal(err)
	}
	if n.Host() != host {
		t.Errorf("host: got %s, want %s", n.Host(), host)
	}
}

func TestNode_Context_EachFailure_HasItsDiagnostic(t *testing.T) {
	dir := isolate(t)
	closed := closedPort(t)
	const look = ` Run "docker context ls" to see what there is, or set nodes in the provider block.`
	for name, tc := range map[string]struct {
		endpoint, detail string
		kind             fleet.Kind
	}{
		"absent": {"", `Node "atlas": the Docker context "absent" cannot be used: it does not exist.` + look, fleet.InvalidHost},
		"lax": {`{"Host":"tcp://10.0.2.20:2376","SkipTLSVerify":true}`, `Node "atlas": the Docker context "lax" cannot be used: ` +
			`it skips the verification of certificates, which the provider never does.` + look, fleet.InvalidHost},
		"plain": {`{"Host":"tcp://10.0.2.20:2375"}`, `Node "atlas" (tcp://10.0.2.20:2375): plain tcp gives everyone on the network root on the node, ` +
			`so it is accepted to loopback addresses only. Set tls (see "Protect the Docker daemon socket" in Docker's documentation), or use ssh://. ` +
			`The address comes from the Docker context "plain".`, fleet.InvalidHost},
		"down": {`{"Host":"tcp://` + closed + `"}`, `Node "atlas" (tcp://` + closed + `): the connection to ` + closed + ` was refused: nothing listens there. ` +
			`Start the Docker engine, or correct the host. The address comes from the Docker context "down". Other nodes are not affected.`, fleet.Unreachable},
	} {
		t.Run(name, func(t *testing.T) {
			if tc.endpoint != "" {
				writeContext(t, dir, name, tc.endpoint)
			}
			_, err := one(t, fleet.NodeConfig{Context: name}).Node(t.Context(), "atlas")
			e := requireError(t, err, tc.kind)
			if e.Detail() != tc.detail {
				t.Errorf("got:\n%s\nwant:\n%s", e.Detail(), tc.detail)
			}
			if at := strings.Join(e.Attribute, "."); tc.kind == fleet.InvalidHost && at != "context" {
				t.Errorf("blames %q", at)
			}
		})
	}
}
