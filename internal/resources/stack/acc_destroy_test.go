package stack_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/events"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/volume"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/images"
)

// destroyed is a step that destroys the stack of a configuration.
func destroyed(config string) resource.TestStep {
	return resource.TestStep{Config: config, Destroy: true}
}

// sent lists what the recorder noted of one method and path ending, by the name
// of the container that the path is about.
func sent(recorder *acctest.Recorder, method, ending string, names map[string]string) []string {
	var services []string
	for _, r := range recorder.Take() {
		rest, ok := strings.CutSuffix(r.Path, ending)
		if ok && r.Method == method {
			services = append(services, names[rest[strings.LastIndex(rest, "/")+1:]])
		}
	}
	return services
}

func TestAccStack_Destroy_StopsDependentsFirst(t *testing.T) {
	b := newBench(t)
	recorder := b.record()
	config := b.config(`
services:
  db: {image: "homelab.test/app:1"}
  cache: {image: "homelab.test/app:1"}
  api: {image: "homelab.test/app:1", depends_on: [db, cache]}
  web: {image: "homelab.test/app:1", depends_on: [api]}
`)
	names := map[string]string{}
	b.test(
		b.step(config, holds(func() error {
			for key, c := range b.containers() {
				names[c.ID], _, _ = strings.Cut(key, "/")
			}
			return nil
		})),
		after(func() { recorder.Take() }, destroyed(config)),
	)
	stops := sent(recorder, "POST", "/stop", names)
	at := func(service string) int { return slices.Index(stops, service) }
	if len(stops) != 4 || at("web") != 0 || at("api") != 1 || min(at("db"), at("cache")) != 2 {
		t.Errorf("stopped in the order %v, want web, api, then db and cache", stops)
	}
}

func TestAccStack_Destroy_KeepsVolumesAndWhatIsExternal(t *testing.T) {
	b := newBench(t)
	outside := b.name + "-outside"
	_, err := b.engine.NetworkCreate(t.Context(), outside, network.CreateOptions{})
	b.must(err)
	config := b.config(fmt.Sprintf(`
services:
  web: {image: "homelab.test/app:1", networks: [default, outside], volumes: ["data:/data"]}
networks:
  outside: {external: true, name: %s}
volumes:
  data: {}
`, outside))
	b.test(b.step(config), destroyed(config))
	if _, err := b.engine.NetworkInspect(t.Context(), outside, network.InspectOptions{}); err != nil {
		t.Errorf("the external network: %v", err)
	}
	if _, err := b.engine.VolumeInspect(t.Context(), b.name+"_data"); err != nil {
		t.Errorf("the named volume: %v", err)
	}
	b.expectNothing("volume " + b.name + "_data")
}

func TestAccStack_DestroyWithRemoveVolumes_LeavesNothing(t *testing.T) {
	b := newBench(t)
	outside := b.name + "-outside"
	_, err := b.engine.VolumeCreate(t.Context(), volume.CreateOptions{Name: outside})
	b.must(err)
	config := b.config(fmt.Sprintf(`
services:
  web: {image: "homelab.test/app:1", volumes: ["data:/data", "outside:/outside"]}
volumes:
  data: {}
  outside: {external: true, name: %s}
`, outside), "remove_volumes = true")
	b.test(b.step(config), destroyed(config))
	if _, err := b.engine.VolumeInspect(t.Context(), outside); err != nil {
		t.Errorf("the external volume: %v", err)
	}
	b.expectNothing()
}

// expectNothing fails when there is anything of the stack besides what is named.
func (b *bench) expectNothing(besides ...string) {
	b.Helper()
	var left []string
	mine := filters.NewArgs(filters.Arg("label", desired.LabelProject+"="+b.name))
	containers, err := b.engine.ContainerList(b.Context(), container.ListOptions{All: true, Filters: mine})
	b.must(err)
	for _, c := range containers {
		left = append(left, "container "+c.Names[0])
	}
	networks, err := b.engine.NetworkList(b.Context(), network.ListOptions{Filters: mine})
	b.must(err)
	for _, n := range networks {
		left = append(left, "network "+n.Name)
	}
	volumes, err := b.engine.VolumeList(b.Context(), volume.ListOptions{})
	b.must(err)
	for _, v := range volumes.Volumes {
		if stackOf(v.Labels) == b.name {
			left = append(left, "volume "+v.Name)
		}
	}
	if !slices.Equal(left, besides) {
		b.Errorf("left behind are %v, want %v", left, besides)
	}
}

func TestAccStack_Destroy_HonoursStopSignalAndGracePeriod(t *testing.T) {
	b := newBench(t)
	config := b.config(`
services:
  deaf: {image: "homelab.test/app:1", command: [sleep, -ignore-term], stop_grace_period: 1s}
  asked: {image: "homelab.test/app:1", command: [sleep], stop_signal: SIGINT, stop_grace_period: 30s}
`)
	started := time.Now()
	b.test(b.step(config), destroyed(config))
	signals, codes := b.signalsSince(started)
	for service, want := range map[string]string{"deaf": "15 9", "asked": "2"} {
		if got := strings.Join(signals[service], " "); got != want {
			t.Errorf("%s was sent the signals %q, want %q", service, got, want)
		}
	}
	if codes["deaf"] != "137" || codes["asked"] != "0" {
		t.Errorf("exit codes are %v: deaf should have been killed, and only deaf", codes)
	}
}

// signalsSince reads from the engine's events which signals the stack's
// containers were sent, and the codes they ended with.
func (b *bench) signalsSince(start time.Time) (signals map[string][]string, codes map[string]string) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), patience)
	defer cancel()
	messages, errs := b.engine.Events(ctx, events.ListOptions{
		Since: fmt.Sprint(start.Add(-time.Minute).Unix()), Until: fmt.Sprint(time.Now().Unix() + 1),
		Filters: filters.NewArgs(filters.Arg("type", "container"), filters.Arg("label", desired.LabelProject+"="+b.name)),
	})
	signals, codes = map[string][]string{}, map[string]string{}
	for {
		select {
		case m := <-messages:
			service := m.Actor.Attributes[desired.LabelService]
			switch m.Action {
			case events.ActionKill:
				signals[service] = append(signals[service], m.Actor.Attributes["signal"])
			case events.ActionDie:
				codes[service] = m.Actor.Attributes["exitCode"]
			}
		case err := <-errs:
			if !errors.Is(err, io.EOF) { // the end of the time that was asked for
				b.Fatal(err)
			}
			return signals, codes
		}
	}
}

func TestAccStack_DestroyWhenContainersAreGone_Succeeds(t *testing.T) {
	b := newBench(t)
	config := b.config(threeServices)
	b.test(
		b.step(config),
		after(func() {
			for _, c := range b.containers() {
				err := b.engine.ContainerRemove(t.Context(), c.ID, container.RemoveOptions{Force: true})
				b.must(err)
			}
		}, destroyed(config)),
	)
	b.expectNothing("volume " + b.name + "_data")
}

func TestAccStack_DestroyWhenAllIsGone_Succeeds(t *testing.T) {
	b := newBench(t)
	config := b.config(threeServices)
	b.test(
		b.step(config),
		after(func() {
			b.must(sweep(t.Context(), b.engine, func(stack, _ string) bool { return stack == b.name }))
		}, destroyed(config)),
	)
	b.expectNothing()
}

func TestSweep_Leftovers_AreRemovedAndNothingElse(t *testing.T) {
	b := newBench(t)
	kept := acctest.Name(t) + "-kept"
	for _, name := range []string{b.name + "-left", kept} {
		_, err := b.engine.ContainerCreate(t.Context(), &container.Config{Image: images.AppV1}, nil, nil, nil, name)
		b.must(err)
		_, err = b.engine.NetworkCreate(t.Context(), name, network.CreateOptions{})
		b.must(err)
		_, err = b.engine.VolumeCreate(t.Context(), volume.CreateOptions{Name: name, Labels: map[string]string{desired.LabelStack: name}})
		b.must(err)
	}
	remaining := func(name string) (found int) {
		if _, err := b.engine.ContainerInspect(t.Context(), name); err == nil {
			found++
		}
		if _, err := b.engine.NetworkInspect(t.Context(), name, network.InspectOptions{}); err == nil {
			found++
		}
		if _, err := b.engine.VolumeInspect(t.Context(), name); err == nil {
			found++
		}
		return found
	}
	t.Cleanup(func() {
		b.must(sweep(context.WithoutCancel(t.Context()), b.engine, func(_, name string) bool { return name == kept }))
	})
	b.must(sweep(t.Context(), b.engine, func(_, name string) bool { return strings.HasPrefix(name, b.name) }))
	if left, others := remaining(b.name+"-left"), remaining(kept); left != 0 || others != 3 {
		t.Errorf("%d of 3 leftovers remain, and %d of the 3 others", left, others)
	}
}
