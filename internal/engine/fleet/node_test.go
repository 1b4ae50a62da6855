package fleet_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/containerd/errdefs"

	"github.com/homelab-iac/terraform-provider-homelab/internal/engine/fleet"
)

func TestNode_UnixSocket_NegotiatesTheEnginesVersion(t *testing.T) {
	f := one(t, fleet.NodeConfig{Host: serveSocket(t, &engine{api: "1.41", release: "20.10.24"})})
	n, err := f.Node(t.Context(), "atlas")
	if err != nil {
		t.Fatal(err)
	}
	if got := n.ClientVersion(); got != "1.41" {
		t.Errorf("API version: got %s, want 1.41", got)
	}
	v, err := n.ServerVersion(t.Context())
	if err != nil || v.Version != "20.10.24" {
		t.Errorf("server version: got %q, %v", v.Version, err)
	}
}

func TestNode_ManyCallersAtOnce_ConnectOnce(t *testing.T) {
	e := &engine{api: "1.47"}
	f := one(t, fleet.NodeConfig{Host: serve(t, e)})
	nodes := make([]*fleet.Node, 20)
	var wg sync.WaitGroup
	for i := range nodes {
		wg.Go(func() { nodes[i], _ = f.Node(t.Context(), "atlas") })
	}
	wg.Wait()
	for _, n := range nodes {
		if n == nil || n != nodes[0] {
			t.Fatal("callers got different nodes")
		}
	}
	if got := e.pings.Load(); got != 1 {
		t.Errorf("pings: got %d, want 1", got)
	}
}

func TestNode_OneCallerGivesUp_OthersStillConnect(t *testing.T) {
	release := make(chan struct{})
	e := &engine{api: "1.47"}
	f := one(t, fleet.NodeConfig{Host: serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		<-release
		e.ServeHTTP(w, r)
	}))})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := f.Node(ctx, "atlas"); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v, want context.Canceled", err)
	}
	close(release)
	if _, err := f.Node(t.Context(), "atlas"); err != nil {
		t.Fatal(err)
	}
	if got := e.pings.Load(); got != 1 {
		t.Errorf("pings: got %d, want 1", got)
	}
}

func TestNode_EngineOlderThan141_SaysWhatIsNeeded(t *testing.T) {
	f := one(t, fleet.NodeConfig{Host: serve(t, &engine{api: "1.40", release: "19.03.15"})})
	_, err := f.Node(t.Context(), "atlas")
	requireError(t, err, fleet.TooOld, `Node "atlas" (tcp://127.0.0.1:`, "version 19.03.15", "API 1.40",
		"API 1.41, Docker Engine 20.10 or newer")
}

func TestNode_PinnedVersionBelowMinimum_SaysSo(t *testing.T) {
	t.Setenv("DOCKER_API_VERSION", "1.40")
	f := one(t, fleet.NodeConfig{Host: serve(t, &engine{api: "1.47"})})
	_, err := f.Node(t.Context(), "atlas")
	requireError(t, err, fleet.TooOld, "DOCKER_API_VERSION pins API 1.40")
}

func TestNode_PinnedVersion_IsUsed(t *testing.T) {
	t.Setenv("DOCKER_API_VERSION", "1.43")
	f := one(t, fleet.NodeConfig{Host: serve(t, &engine{api: "1.47"})})
	n, err := f.Node(t.Context(), "atlas")
	if err != nil {
		t.Fatal(err)
	}
	if got := n.ClientVersion(); got != "1.43" {
		t.Errorf("API version: got %s, want 1.43", got)
	}
}

func TestNode_UnknownName_ListsTheKnownOnes(t *testing.T) {
	f, err := fleet.New(map[string]fleet.NodeConfig{
		"helios": {Host: "unix:///a"}, "atlas": {Host: "unix:///b"},
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.Node(t.Context(), "overwatch")
	requireError(t, err, fleet.UnknownNode, `Node "overwatch": the provider has no node of that name. Known nodes: "atlas", "helios".`)
}

func TestNode_HostKnownOnlyAtApply_IsItsOwnKind(t *testing.T) {
	f := one(t, fleet.NodeConfig{Unknown: true})
	_, err := f.Node(t.Context(), "atlas")
	requireError(t, err, fleet.HostUnknown)
	if fleet.KindOf(err) != fleet.HostUnknown {
		t.Error("KindOf does not see it")
	}
}

func TestNode_NamesUnknown_DefersEveryName(t *testing.T) {
	f, err := fleet.New(nil, fleet.WithNamesUnknown())
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.Node(t.Context(), "anything")
	requireError(t, err, fleet.HostUnknown)
}

func TestNode_NoSuchSocket_NamesIt(t *testing.T) {
	f := one(t, fleet.NodeConfig{Host: "unix:///nonexistent/docker.sock"})
	_, err := f.Node(t.Context(), "atlas")
	requireError(t, err, fleet.Unreachable, `Node "atlas" (unix:///nonexistent/docker.sock): `+
		"there is no socket /nonexistent/docker.sock. Start the Docker engine, or correct the path. Other nodes are not affected.")
}

func TestNode_ConnectionRefused_NamesTheAddress(t *testing.T) {
	address := closedPort(t)
	f := one(t, fleet.NodeConfig{Host: "tcp://" + address})
	_, err := f.Node(t.Context(), "atlas")
	requireError(t, err, fleet.Unreachable, `Node "atlas" (tcp://`+address+`): the connection to `+address+
		" was refused: nothing listens there. Start the Docker engine, or correct the host. Other nodes are not affected.")
}

func TestNode_SilentEngine_TimesOut(t *testing.T) {
	quit := make(chan struct{})
	host := serve(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-quit }))
	defer close(quit)
	f := one(t, fleet.NodeConfig{Host: host}, fleet.WithConnectTimeout(50*time.Millisecond))
	_, err := f.Node(t.Context(), "atlas")
	requireError(t, err, fleet.Unreachable, `Node "atlas" (`+host+`): no answer from `+strings.TrimPrefix(host, "tcp://")+
		" within 50ms (its connect_timeout). "+
		"Check that the node is on and that no firewall drops the connection. Other nodes are not affected.")
}

func TestNode_NotAnEngine_SaysSo(t *testing.T) {
	f := one(t, fleet.NodeConfig{Host: serve(t, http.NotFoundHandler())})
	_, err := f.Node(t.Context(), "atlas")
	requireError(t, err, fleet.Unreachable, "what answers there is not a Docker engine, or keeps its API closed (HTTP status 404). "+
		"Check the address, and what a proxy in between allows: /_ping has to answer. Other nodes are not affected.")
}

func TestExplain_EngineGoneMidway_IsUnreachable(t *testing.T) {
	s := httptest.NewServer(&engine{api: "1.47"})
	f := one(t, fleet.NodeConfig{Host: "tcp://" + s.Listener.Addr().String()})
	n, err := f.Node(t.Context(), "atlas")
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
	_, err = n.ServerVersion(t.Context())
	requireError(t, n.Explain(err), fleet.Unreachable, "the engine no longer answers")
}

func TestExplain_AnswersOfTheEngine_StayAsTheyAre(t *testing.T) {
	f := one(t, fleet.NodeConfig{Host: serve(t, &engine{api: "1.47"})})
	n, err := f.Node(t.Context(), "atlas")
	if err != nil {
		t.Fatal(err)
	}
	_, err = n.ImageInspect(t.Context(), "absent")
	if !errdefs.IsNotFound(n.Explain(err)) {
		t.Errorf("got %v, want not found", n.Explain(err))
	}
	if n.Explain(nil) != nil {
		t.Error("nil became an error")
	}
}

func TestUnreachable_PermissionDenied_NamesTheGroup(t *testing.T) {
	err := &net.OpError{Op: "dial", Net: "unix", Err: os.NewSyscallError("connect", syscall.EACCES)}
	got := fleet.Unreached("atlas", fleet.NodeConfig{Host: "unix:///var/run/docker.sock"}, err)
	requireError(t, got, fleet.Unreachable, `Node "atlas" (unix:///var/run/docker.sock): permission denied on /var/run/docker.sock. `+
		"Add the user that runs Terraform to the group docker (sudo usermod -aG docker <user>) and log in again. Other nodes are not affected.")
}

func TestUnreachable_NameNotResolved_NamesIt(t *testing.T) {
	err := &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Name: "atlas.lan", IsNotFound: true}}
	got := fleet.Unreached("atlas", fleet.NodeConfig{Host: "tcp://atlas.lan:2376", TLS: &fleet.TLS{}}, err)
	requireError(t, got, fleet.Unreachable, `the name "atlas.lan" could not be resolved. Correct the host, or give its IP address. Other nodes are not affected.`)
	if strings.Contains(got.Error(), "\n") {
		t.Error("the error is more than one line")
	}
}

func TestDialHijack_EngineHandsOverOrNot_IsToldApart(t *testing.T) {
	e := &engine{api: "1.47", release: "28.0.0"}
	answer := http.StatusNotFound
	f := one(t, fleet.NodeConfig{Host: serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/grpc" {
			e.ServeHTTP(w, r)
			return
		}
		if answer == http.StatusSwitchingProtocols {
			w.Header().Set("Connection", "Upgrade")
			w.Header().Set("Upgrade", r.Header.Get("Upgrade"))
		}
		w.WriteHeader(answer)
	}))})
	n, err := f.Node(t.Context(), "atlas")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := n.DialHijack(t.Context(), "/grpc", "h2c", nil); !errdefs.IsNotImplemented(err) {
		t.Errorf("got %v", err)
	}
	answer = http.StatusSwitchingProtocols
	conn, err := n.DialHijack(t.Context(), "/grpc", "h2c", nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.Close()
}
