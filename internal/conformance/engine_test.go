package conformance_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/volume"
	"github.com/docker/docker/client"

	"github.com/homelab-iac/terraform-provider-homelab/internal/conformance"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/images"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/labtest"
)

func TestMain(m *testing.M) { labtest.Main(m) }

// engine is the one that both sides use.
type engine struct {
	*client.Client
	node *lab.Node
	http *http.Client
	api  string
	// stage is where the projects lie.
	stage string
}

// newEngine starts a node with room for the networks of all projects at once.
func newEngine(t *testing.T) *engine {
	t.Helper()
	l := labtest.New(t, lab.Options{DockerdArgs: []string{"--default-address-pool", "base=10.64.0.0/16,size=26"}})
	e := &engine{Client: labtest.Client(t, l.Nodes[0].Host), node: l.Nodes[0]}
	e.http = &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", e.node.Socket)
	}}}
	t.Cleanup(e.http.CloseIdleConnections)
	version, err := e.ServerVersion(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	e.api = version.APIVersion
	// The engine knows since when it has a tag, but only of one that it was told to
	// set: an image with a pull interval would be pulled otherwise.
	if err := e.ImageTag(t.Context(), images.AppV1, "homelab.test/tagged:1"); err != nil {
		t.Fatal(err)
	}
	t.Logf("engine %s, API %s, kernel %s", version.Version, version.APIVersion, version.KernelVersion)
	return e
}

// get asks for JSON as the engine has it: the client's types would drop what
// they do not know.
func (e *engine) get(t testing.TB, path string, into any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://engine/v"+e.api+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := e.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", resp.Status, text)
	}
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		t.Fatalf("GET %s: %v", path, err)
	}
}

// labelled is the query for what belongs to a project.
func labelled(project string) string {
	return "filters=" + url.QueryEscape(`{"label":["com.docker.compose.project=`+project+`"]}`)
}

// makeExternals makes the networks, volumes and directories that a project expects.
func (e *engine) makeExternals(t *testing.T, p conformance.Project) {
	t.Helper()
	for name, subnet := range p.Networks {
		options := network.CreateOptions{}
		if subnet != "" {
			options.IPAM = &network.IPAM{Config: []network.IPAMConfig{{Subnet: subnet}}}
		}
		if _, err := e.NetworkCreate(t.Context(), name, options); err != nil {
			t.Fatal(err)
		}
	}
	for _, dir := range p.Directories {
		if err := os.MkdirAll(filepath.Join(e.node.Root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range p.Volumes {
		if _, err := e.VolumeCreate(t.Context(), volume.CreateOptions{Name: name}); err != nil {
			t.Fatal(err)
		}
	}
}

// fails tells whether the engine can't run a project.
func (e *engine) fails(p conformance.Project) bool {
	return len(p.Fails) > 0 && (p.FailsBelow == "" || older(e.api, p.FailsBelow))
}

// older tells whether an API version is below another.
func older(api, than string) bool {
	var a, b [2]int
	_, _ = fmt.Sscanf(api, "%d.%d", &a[0], &a[1])
	_, _ = fmt.Sscanf(than, "%d.%d", &b[0], &b[1])
	return a[0] < b[0] || a[0] == b[0] && a[1] < b[1]
}

// shortName is a container's name without its project.
func shortName(project, name string) string {
	return strings.TrimPrefix(strings.TrimPrefix(name, "/"), project+"-")
}
