package leaks_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/events"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/volume"
	"github.com/docker/docker/client"
)

// lookAtNode searches everything that whoever may list can see on the node, what its
// engine told whoever listened, and what its engine and sshd logged, except for the
// documented fields: environment, command, entrypoint, health check and hooks.
func (a *aviary) lookAtNode(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	search := func(where string, value any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(where, err)
		}
		text, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		a.hound.search(t, where, text)
	}
	containers, err := a.engine.ContainerList(ctx, container.ListOptions{All: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range containers {
		c, err := a.engine.ContainerInspect(ctx, one.ID)
		if errdefs.IsNotFound(err) {
			continue // of another test
		}
		c.Config.Env, c.Config.Cmd, c.Config.Entrypoint, c.Config.Healthcheck, c.Args, c.Path = nil, nil, nil, nil, nil, ""
		if c.State != nil {
			c.State.Health, c.State.Error = nil, ""
		}
		search("container "+c.Name, c, err)
	}
	networks, err := a.engine.NetworkList(ctx, network.ListOptions{})
	search("the networks", networks, err)
	volumes, err := a.engine.VolumeList(ctx, volume.ListOptions{})
	search("the volumes", volumes, err)
	images, err := a.engine.ImageList(ctx, image.ListOptions{All: true})
	search("the images", images, err)
	for _, one := range images {
		inspected, err := a.engine.ImageInspect(ctx, one.ID)
		search("image "+one.ID, inspected, err)
		history, err := a.engine.ImageHistory(ctx, one.ID)
		search("the history of image "+one.ID, history, err)
	}
	for _, event := range a.events.take() {
		search("event "+string(event.Type)+" "+string(event.Action), event, nil)
	}
	a.lookAtLogs(t)
}

// lookAtLogs searches what the engine and sshd logged since it was last looked at.
// A debugging engine logs what it is asked, so that the documented fields are there
// as they are. A quick hash of one is nowhere.
func (a *aviary) lookAtLogs(t *testing.T) {
	t.Helper()
	log, err := os.ReadFile(a.node.Log)
	if err != nil {
		t.Fatal(err)
	}
	text := log[a.logged:]
	a.logged = len(log)
	for line := range strings.Lines(string(text)) {
		a.engineSaid = a.engineSaid || strings.Contains(line, "level=debug") && strings.Contains(line, "/containers/create")
		a.sshSaid = a.sshSaid || strings.Contains(line, "debug3: ")
		if _, quoted, ok := strings.Cut(line, ` msg=`); ok && strings.Contains(line, `\"`) {
			if message, err := strconv.QuotedPrefix(quoted); err == nil {
				message, _ = strconv.Unquote(message)
				line += message
			}
		}
		for _, found := range a.hound.find([]byte(line)) {
			if way, _, _ := strings.Cut(found.of, ","); found.digest || !slices.Contains(shown, way) {
				t.Errorf("the log of the engine and sshd holds %s", found)
			}
		}
	}
}

// watcher keeps what an engine tells whoever listens.
type watcher struct {
	mu   sync.Mutex // guards what follows
	kept []events.Message
	err  error
	seen int
}

// watch listens until the test ends.
func (w *watcher) watch(t *testing.T, engine *client.Client) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	messages, failed := engine.Events(ctx, events.ListOptions{})
	var done sync.WaitGroup
	done.Add(1)
	go func() {
		defer done.Done()
		for {
			select {
			case message := <-messages:
				w.mu.Lock()
				w.kept = append(w.kept, message)
				w.mu.Unlock()
			case err := <-failed:
				w.mu.Lock()
				w.err = err
				w.mu.Unlock()
				return
			}
		}
	}()
	t.Cleanup(func() {
		cancel()
		done.Wait()
		if w.err != nil && !errors.Is(w.err, context.Canceled) {
			t.Errorf("the engine's events ended: %v", w.err)
		}
	})
}

// take returns what came since it was last taken. The command that an event names,
// of a hook or a health check, is left out: a documented field.
func (w *watcher) take() []events.Message {
	w.mu.Lock()
	defer w.mu.Unlock()
	taken := w.kept
	w.kept = nil
	w.seen += len(taken)
	for i := range taken {
		if action, _, ok := strings.Cut(string(taken[i].Action), ": "); ok && strings.HasPrefix(action, "exec_") {
			taken[i].Action, taken[i].Status = events.Action(action), action //nolint:staticcheck // what older clients read
		}
	}
	return taken
}
