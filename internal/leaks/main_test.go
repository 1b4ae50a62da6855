// Package leaks_test holds the tests of what has to stay secret, and of what can
// be planned without it.
package leaks_test

import (
	"archive/tar"
	"io"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/client"

	"github.com/homelab-iac/terraform-provider-homelab/internal/lab"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/labtest"
)

func TestMain(m *testing.M) {
	lab.MaybeInit() // before the flags: a lab's processes are this program with others
	labtest.MainWith(m, lab.Options{Debug: true})
}

// secretOf reads a file of a container.
func secretOf(t *testing.T, engine *client.Client, id, path string) string {
	t.Helper()
	content, _, err := engine.CopyFromContainer(t.Context(), id, path)
	if err != nil {
		t.Fatal(err)
	}
	defer content.Close()
	archive := tar.NewReader(content)
	if _, err := archive.Next(); err != nil {
		t.Fatal(err)
	}
	value, err := io.ReadAll(archive)
	if err != nil {
		t.Fatal(err)
	}
	return string(value)
}

// ofStack are a stack's containers, by service.
func ofStack(t *testing.T, engine *client.Client, stack string) map[string]string {
	t.Helper()
	list, err := engine.ContainerList(t.Context(), container.ListOptions{All: true})
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]string{}
	for _, c := range list {
		if c.Labels["com.docker.compose.project"] == stack {
			ids[c.Labels["com.docker.compose.service"]] = c.ID
		}
	}
	return ids
}
