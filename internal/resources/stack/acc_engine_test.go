package stack_test

import (
	"archive/tar"
	"context"
	"io"
	"maps"
	"reflect"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/volume"
	"github.com/docker/docker/client"
	tfjson "github.com/hashicorp/terraform-json"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
)

// labels of which one marks everything that belongs to a stack.
var stackLabels = []string{"com.docker.compose.project=", "io.homelab.stack=", "io.homelab.scratch="}

// containersOf lists a stack's containers, scratch containers included.
func containersOf(t testing.TB, engine *client.Client, stack string) []container.Summary {
	t.Helper()
	found := map[string]container.Summary{}
	for _, label := range stackLabels {
		list, err := engine.ContainerList(context.WithoutCancel(t.Context()),
			container.ListOptions{All: true, Filters: filters.NewArgs(filters.Arg("label", label+stack))})
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range list {
			found[c.ID] = c
		}
	}
	return slices.Collect(maps.Values(found))
}

func networksOf(t testing.TB, engine *client.Client, stack string) []string {
	t.Helper()
	names := map[string]bool{}
	for _, label := range stackLabels {
		list, err := engine.NetworkList(context.WithoutCancel(t.Context()), network.ListOptions{Filters: filters.NewArgs(filters.Arg("label", label+stack))})
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range list {
			names[n.Name] = true
		}
	}
	return sortedKeys(names)
}

func volumesOf(t testing.TB, engine *client.Client, stack string) []string {
	t.Helper()
	names := map[string]bool{}
	for _, label := range stackLabels {
		list, err := engine.VolumeList(context.WithoutCancel(t.Context()), volume.ListOptions{Filters: filters.NewArgs(filters.Arg("label", label+stack))})
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range list.Volumes {
			names[v.Name] = true
		}
	}
	return sortedKeys(names)
}

// sweepStack removes everything of a stack at the end of the test.
func sweepStack(t testing.TB, engine *client.Client, stack string) {
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		for _, c := range containersOf(t, engine, stack) {
			_ = engine.ContainerRemove(ctx, c.ID, container.RemoveOptions{Force: true, RemoveVolumes: true})
		}
		for _, name := range networksOf(t, engine, stack) {
			_ = engine.NetworkRemove(ctx, name)
		}
		for _, name := range volumesOf(t, engine, stack) {
			_ = engine.VolumeRemove(ctx, name, true)
		}
	})
}

func containerID(t testing.TB, engine *client.Client, name string) string {
	t.Helper()
	c, err := engine.ContainerInspect(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return c.ID
}

// readFile reads a file as a container sees it.
func readFile(t testing.TB, engine *client.Client, id, path string) string {
	t.Helper()
	content, _, err := engine.CopyFromContainer(t.Context(), id, path)
	if err != nil {
		t.Error(err)
		return ""
	}
	defer content.Close()
	archive := tar.NewReader(content)
	if _, err := archive.Next(); err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(archive)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func requireEqual(t testing.TB, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// showPlan reads a plan file.
func showPlan(t testing.TB, c *acctest.CLI, file string) *tfjson.Plan {
	t.Helper()
	var shown tfjson.Plan
	if err := shown.UnmarshalJSON([]byte(c.Must(t, []string{"show", "-json", file}).Stdout)); err != nil {
		t.Fatal(err)
	}
	return &shown
}

// requireUnchanged requires that a plan leaves attributes of its one resource as
// they are.
func requireUnchanged(t testing.TB, c *acctest.CLI, file string, attributes ...string) {
	t.Helper()
	change := showPlan(t, c, file).ResourceChanges[0].Change
	before, after := change.Before.(map[string]any), change.After.(map[string]any)
	for _, name := range attributes {
		if !reflect.DeepEqual(before[name], after[name]) {
			t.Errorf("the plan changes %s from\n%v\nto\n%v", name, before[name], after[name])
		}
	}
}

var lastPort atomic.Int32

// freePort is a port that no other test uses.
func freePort(t testing.TB) int {
	t.Helper()
	return 21000 + int(lastPort.Add(1))
}
