package conformance_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/volume"
	"github.com/docker/docker/client"

	"github.com/homelab-iac/terraform-provider-homelab/internal/conformance"
	"github.com/homelab-iac/terraform-provider-homelab/internal/conformance/compare"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/images"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/labtest"
)

func TestMain(m *testing.M) { labtest.Main(m) }

// engine is the one that both sides use.
type engine struct {
	*client.Client
	*compare.Engine
	node *lab.Node
}

// newEngine starts a node with room for the networks of all projects at once.
func newEngine(t *testing.T) *engine {
	t.Helper()
	l := labtest.New(t, lab.Options{DockerdArgs: []string{"--default-address-pool", "base=10.64.0.0/16,size=26"}})
	e := &engine{Client: labtest.Client(t, l.Nodes[0].Host), node: l.Nodes[0]}
	version, err := e.ServerVersion(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	e.Engine = compare.NewEngine(t, e.node.Socket, version.APIVersion, "")
	// The engine knows since when it has a tag, but only of one that it was told to
	// set: an image with a pull interval would be pulled otherwise.
	if err := e.ImageTag(t.Context(), images.AppV1, "homelab.test/tagged:1"); err != nil {
		t.Fatal(err)
	}
	t.Logf("engine %s, API %s, kernel %s", version.Version, version.APIVersion, version.KernelVersion)
	return e
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

// fails reports whether the engine cannot run a project.
func (e *engine) fails(p conformance.Project) bool {
	return len(p.Fails) > 0 && (p.FailsBelow == "" || older(e.API, p.FailsBelow))
}

// older reports whether an API version is below another.
func older(api, than string) bool {
	var a, b [2]int
	_, _ = fmt.Sscanf(api, "%d.%d", &a[0], &a[1])
	_, _ = fmt.Sscanf(than, "%d.%d", &b[0], &b[1])
	return a[0] < b[0] || a[0] == b[0] && a[1] < b[1]
}
