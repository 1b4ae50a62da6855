package fleet_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/engine/fleet"
)

// through is a node behind a stand-in for a Portainer.
func through(p *acctest.Portainer) fleet.NodeConfig {
	return fleet.NodeConfig{Host: p.Host, Token: acctest.PortainerToken, TLS: &fleet.TLS{CA: p.CA}}
}

func TestNode_Portainer_ReachesTheEngine(t *testing.T) {
	p := acctest.StartPortainer(t, serveSocket(t, &engine{api: "1.47", release: "28.0.0"}))
	n, err := one(t, through(p)).Node(t.Context(), "atlas")
	if err != nil {
		t.Fatal(err)
	}
	v, err := n.ServerVersion(t.Context())
	if err != nil || v.Version != "28.0.0" {
		t.Errorf("version: got %q, %v", v.Version, err)
	}
	if got := strings.Join(p.Asked(), ", "); got != "GET /_ping, GET /v1.47/version" {
		t.Errorf("asked: %s", got)
	}
}

func TestNode_Portainer_EachFailure_HasItsDiagnostic(t *testing.T) {
	p := acctest.StartPortainer(t, serveSocket(t, &engine{api: "1.47"}))
	other := strings.Replace(p.Host, "/endpoints/3", "/endpoints/4", 1)
	plain := acctest.StartPortainer(t, "unix:///nonexistent")
	elsewhere := strings.Replace(p.Host, "/endpoints/", "/portainer/endpoints/", 1)
	closed := "portainer+https://" + closedPort(t) + "/endpoints/3"
	for name, tc := range map[string]struct {
		config func(*fleet.NodeConfig)
		host   string
		want   string
	}{
		"401": {func(c *fleet.NodeConfig) { c.Token = "ptr_wrong" }, p.Host, "Portainer does not accept the access token. " +
			"Set token to a valid one: in Portainer, My account, Access tokens. A removed user's tokens are gone too."},
		"403": {func(c *fleet.NodeConfig) { c.Token = acctest.PortainerGuestToken }, p.Host, "the user of the access token may not use this environment of Portainer. " +
			"Give the user access to the environment in Portainer (Environments, Manage access), or use an administrator's token."},
		"404": {func(*fleet.NodeConfig) {}, other, "Portainer has no environment with this id. " +
			"Correct the number at the end of the host; it is in the address bar when the environment is open in Portainer."},
		"no Portainer": {func(*fleet.NodeConfig) {}, elsewhere, "what answers there is not Portainer (HTTP status 404). " +
			"Check the address, and the path where a proxy serves Portainer: portainer+https://address/path/endpoints/<id>."},
		"refused": {func(*fleet.NodeConfig) {}, closed, "the connection to " + strings.Split(closed, "/")[2] + " was refused: nothing listens there. " +
			"Start Portainer, or correct the host."},
		"other authority": {func(c *fleet.NodeConfig) { c.TLS = nil }, p.Host, "Portainer's certificate is not signed by the certificate authority in use. " +
			"Set tls.ca_file (or tls.ca) to the authority that signed it."},
		"proxy without Portainer": {func(c *fleet.NodeConfig) { c.TLS = &fleet.TLS{CA: plain.CA} }, plain.Host, "the proxy in front of Portainer does not get through to it (HTTP status 502). " +
			"Check that Portainer runs."},
	} {
		t.Run(name, func(t *testing.T) {
			c := through(p)
			c.Host = tc.host
			tc.config(&c)
			_, err := one(t, c).Node(t.Context(), "atlas")
			e := requireError(t, err, fleet.Unreachable)
			want := fmt.Sprintf("Node \"atlas\" (%s): %s Other nodes are not affected.", tc.host, tc.want)
			if e.Detail() != want {
				t.Errorf("got:\n%s\nwant:\n%s", e.Detail(), want)
			}
			if text := e.Error() + e.Detail(); strings.Contains(text, "ptr_") {
				t.Errorf("the token is shown: %s", text)
			}
		})
	}
}

func TestNode_Portainer_EngineDown_ShowsPortainersWords(t *testing.T) {
	p := acctest.StartPortainer(t, serveSocket(t, &engine{api: "1.47"}))
	p.Fail(http.StatusInternalServerError)
	_, err := one(t, through(p)).Node(t.Context(), "atlas")
	requireError(t, err, fleet.Unreachable,
		"Portainer does not get through to the engine (HTTP status 500: Unable to proxy the request via the Docker socket). Check in Portainer that the environment is up.")
}

// Only what changes nothing is tried again.
func TestNode_Portainer_PassingFailure_IsTriedAgain(t *testing.T) {
	p := acctest.StartPortainer(t, serveSocket(t, &engine{api: "1.47", release: "28.0.0"}))
	p.Fail(http.StatusBadGateway, http.StatusServiceUnavailable)
	n, err := one(t, through(p)).Node(t.Context(), "atlas")
	if err != nil {
		t.Fatal(err)
	}
	p.Fail(http.StatusBadGateway)
	if _, err := n.ContainerCreate(t.Context(), &container.Config{}, nil, nil, nil, ""); err == nil {
		t.Error("a creation was tried again")
	}
}

func TestNode_Portainer_HandsOverNoConnection(t *testing.T) {
	p := acctest.StartPortainer(t, serveSocket(t, &engine{api: "1.47"}))
	n, err := one(t, through(p)).Node(t.Context(), "atlas")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := n.DialHijack(t.Context(), "/grpc", "h2c", nil); !errdefs.IsNotImplemented(err) {
		t.Errorf("got %v", err)
	}
}

// A command's output comes through, and a read of it ends when it is closed.
func TestNode_Portainer_ExecStreamsItsOutput(t *testing.T) {
	e := &engine{api: "1.47"}
	quit := make(chan struct{})
	defer close(quit)
	p := acctest.StartPortainer(t, serveSocket(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/exec/abc/start" {
			e.ServeHTTP(w, r)
			return
		}
		w.WriteHeader(http.StatusOK)
		fmt.Fprint(w, "hello")
		_ = http.NewResponseController(w).Flush() // the client may be gone
		select {
		case <-quit:
		case <-r.Context().Done():
		}
	})))
	n, err := one(t, through(p)).Node(t.Context(), "atlas")
	if err != nil {
		t.Fatal(err)
	}
	attached, err := n.ContainerExecAttach(t.Context(), "abc", container.ExecAttachOptions{})
	if err != nil {
		t.Fatal(err)
	}
	text := make([]byte, len("hello"))
	if _, err := io.ReadFull(attached.Reader, text); err != nil || string(text) != "hello" {
		t.Fatalf("got %q, %v", text, err)
	}
	attached.Close()
	if _, err := attached.Reader.ReadByte(); err == nil {
		t.Error("the read goes on")
	}
	if _, err := n.ContainerExecAttach(t.Context(), "absent", container.ExecAttachOptions{}); err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("got %v", err)
	}
}

// A text that is too long is not cut inside a character.
func TestPortainerMessage_Long_EndsWithAWholeCharacter(t *testing.T) {
	for shift := range 4 {
		got, ok := fleet.PortainerMessage("token", `{"message": "`+strings.Repeat("x", shift)+strings.Repeat("é", 500)+`"}`)
		if !ok || !utf8.ValidString(got) || got == "" {
			t.Errorf("got %q", got)
		}
	}
}
