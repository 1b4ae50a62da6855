package stack_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/volume"
	"github.com/docker/docker/client"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/labtest"
)

// TestMain runs the tests on the shared engine, or with -sweep=HOST removes what
// they left on an engine of one's own (HOMELAB_TEST_HOST):
//
//	go test ./internal/resources/stack -sweep=unix:///var/run/docker.sock
func TestMain(m *testing.M) {
	lab.MaybeInit() // before the flags: a lab's processes are this program with others
	flag.Parse()
	if sweep := flag.Lookup("sweep"); sweep != nil && sweep.Value.String() != "" {
		resource.TestMain(m)
		return
	}
	labtest.Main(m)
}

func init() { //nolint:gochecknoinits // where the testing library looks for sweepers
	resource.AddTestSweepers("homelab_stack", &resource.Sweeper{Name: "homelab_stack", F: func(host string) error {
		engine, err := client.NewClientWithOpts(client.WithTLSClientConfigFromEnv(), client.WithHost(host), client.WithAPIVersionNegotiation())
		if err != nil {
			return fmt.Errorf("make client of %s: %w", host, err)
		}
		defer engine.Close()
		return sweep(context.Background(), engine, func(stack, name string) bool {
			return strings.HasPrefix(stack, acctest.Prefix) || strings.HasPrefix(name, acctest.Prefix)
		})
	}})
}

// sweep removes the containers, networks, volumes and built images that are
// chosen by their stack (empty: none) or name. What is gone already is not an error.
func sweep(ctx context.Context, engine *client.Client, chosen func(stack, name string) bool) error {
	var errs []error
	note := func(err error) {
		if err != nil && !errdefs.IsNotFound(err) && !errdefs.IsConflict(err) {
			errs = append(errs, err)
		}
	}
	containers, err := engine.ContainerList(ctx, container.ListOptions{All: true})
	note(err)
	for _, c := range containers {
		if chosen(stackOf(c.Labels), strings.TrimPrefix(strings.Join(c.Names, ""), "/")) {
			note(engine.ContainerRemove(ctx, c.ID, container.RemoveOptions{Force: true, RemoveVolumes: true}))
		}
	}
	networks, err := engine.NetworkList(ctx, network.ListOptions{})
	note(err)
	for _, n := range networks {
		if chosen(stackOf(n.Labels), n.Name) {
			note(engine.NetworkRemove(ctx, n.ID))
		}
	}
	volumes, err := engine.VolumeList(ctx, volume.ListOptions{})
	note(err)
	for _, v := range volumes.Volumes {
		if chosen(stackOf(v.Labels), v.Name) {
			note(engine.VolumeRemove(ctx, v.Name, true))
		}
	}
	images, err := engine.ImageList(ctx, image.ListOptions{Filters: filters.NewArgs(filters.Arg("label", desired.LabelBuildHash))})
	note(err)
	for _, i := range images {
		if chosen(stackOf(i.Labels), strings.Join(i.RepoTags, " ")) {
			_, err := engine.ImageRemove(ctx, i.ID, image.RemoveOptions{Force: true})
			note(err)
		}
	}
	return errors.Join(errs...)
}

func stackOf(labels map[string]string) string {
	for _, label := range []string{desired.LabelProject, desired.LabelStack, desired.LabelScratch} {
		if labels[label] != "" {
			return labels[label]
		}
	}
	return ""
}

// requireAcceptance skips the test unless acceptance tests are asked for: before
// an engine is started for it.
func requireAcceptance(t *testing.T) {
	t.Helper()
	if os.Getenv(resource.EnvTfAcc) == "" {
		t.Skipf("acceptance tests run with %s=1", resource.EnvTfAcc)
	}
}
