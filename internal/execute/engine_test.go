package execute

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/build"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/registry"
	"github.com/docker/docker/api/types/volume"
	"github.com/docker/docker/pkg/stdcopy"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
)

// fake is an engine that notes the calls and fails where a test says so. What
// it does not implement panics.
type fake struct {
	Engine

	// fault is asked before each call, with "verb object"; nil means no faults.
	fault func(ctx context.Context, call string) error
	// state is what an inspection answers, by container.
	state map[string]*container.State
	// body is what the streams of pulls, builds and logs carry.
	body string
	// exits are the exit codes of commands in containers, by their first word.
	exits map[string]int
	// stream is the body of a pull, where a test wants several; nil means body.
	stream func(call string) string
	// labels are those of a container, by its name or ID.
	labels map[string]map[string]string
	// stopped reports whether a stop that was given up has ended; nil: none was.
	stopped func() bool
	// made takes the labels that containers are created with; nil: nobody asks.
	made map[string]string
	// networks are those that an inspection finds.
	networks map[string]network.Inspect
	// has names the images that the node has.
	has []string
	// read takes the archives that are sent; nil reads them to the end.
	read func(io.Reader) error
	api  string

	mu         sync.Mutex // guards calls
	calls      []string
	buildAuths map[string]registry.AuthConfig // of the last build
	auths      []string                       // the credentials that came with pulls
}

func (f *fake) call(ctx context.Context, format string, args ...any) error {
	text := fmt.Sprintf(format, args...)
	f.mu.Lock()
	f.calls = append(f.calls, text)
	f.mu.Unlock()
	if f.fault != nil {
		return f.fault(ctx, text)
	}
	return nil
}

// called are the calls so far except for inspections, which polling repeats.
func (f *fake) called() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(f.calls), func(c string) bool { return strings.HasPrefix(c, "inspect ") })
}

func (f *fake) ClientVersion() string {
	if f.api != "" {
		return f.api
	}
	return "1.47"
}

func (f *fake) ContainerInspect(ctx context.Context, id string) (container.InspectResponse, error) {
	state := f.state[id]
	if state == nil || f.stopped != nil && f.stopped() {
		state = &container.State{Status: container.StateExited}
	}
	return container.InspectResponse{ContainerJSONBase: &container.ContainerJSONBase{ID: id, State: state}, Config: &container.Config{Image: "app:1", Labels: f.labels[id]}},
		f.call(ctx, "inspect %s", id)
}

func (f *fake) ContainerLogs(ctx context.Context, id string, options container.LogsOptions) (io.ReadCloser, error) {
	return io.NopCloser(strings.NewReader(f.body)), f.call(ctx, "logs %s tail=%s", id, options.Tail)
}

func (f *fake) ContainerCreate(ctx context.Context, config *container.Config, _ *container.HostConfig, networking *network.NetworkingConfig, _ *ocispec.Platform, name string) (container.CreateResponse, error) {
	switch {
	case config.Image == scratchImage:
		name = "scratch"
	case strings.HasPrefix(name, desired.HelperPrefix): // another one each time
		name = ""
	}
	if f.made != nil && config.Image != scratchImage {
		maps.Copy(f.made, config.Labels)
	}
	return container.CreateResponse{ID: "new-" + name}, f.call(ctx, "create %s networks=%d", name, len(networking.EndpointsConfig))
}

func (f *fake) ContainerStart(ctx context.Context, id string, _ container.StartOptions) error {
	return f.call(ctx, "start %s", id)
}

func (f *fake) ContainerStop(ctx context.Context, id string, options container.StopOptions) error {
	if options.Timeout != nil {
		return f.call(ctx, "stop %s timeout=%d", id, *options.Timeout)
	}
	return f.call(ctx, "stop %s", id)
}

func (f *fake) ContainerRestart(ctx context.Context, id string, _ container.StopOptions) error {
	return f.call(ctx, "restart %s", id)
}

func (f *fake) ContainerUnpause(ctx context.Context, id string) error {
	return f.call(ctx, "unpause %s", id)
}

// An exec is named by its command's first word.
func (f *fake) ContainerExecCreate(ctx context.Context, id string, o container.ExecOptions) (container.ExecCreateResponse, error) {
	return container.ExecCreateResponse{ID: o.Cmd[0]}, f.call(ctx, "exec %s in %s user=%s dir=%s env=%v privileged=%t", strings.Join(o.Cmd, " "), id, o.User, o.WorkingDir, o.Env, o.Privileged)
}

func (f *fake) ContainerExecAttach(_ context.Context, exec string, _ container.ExecAttachOptions) (types.HijackedResponse, error) {
	near, far := net.Pipe()
	go func() {
		_, _ = stdcopy.NewStdWriter(far, stdcopy.Stderr).Write([]byte(exec + " says\nno\n"))
		_ = far.Close()
	}()
	return types.HijackedResponse{Conn: near, Reader: bufio.NewReader(near)}, nil
}

func (f *fake) ContainerExecInspect(_ context.Context, exec string) (container.ExecInspect, error) {
	return container.ExecInspect{ExitCode: f.exits[exec]}, nil
}

func (f *fake) ContainerUpdate(ctx context.Context, id string, update container.UpdateConfig) (container.UpdateResponse, error) {
	return container.UpdateResponse{}, f.call(ctx, "update %s memory=%d restart=%s", id, update.Memory, update.RestartPolicy.Name)
}

func (f *fake) NetworkDisconnect(ctx context.Context, name, id string, force bool) error {
	return f.call(ctx, "disconnect %s from %s force=%t", id, name, force)
}

func (f *fake) ContainerRename(ctx context.Context, id, name string) error {
	return f.call(ctx, "rename %s to %s", id, name)
}

func (f *fake) ContainerRemove(ctx context.Context, id string, _ container.RemoveOptions) error {
	if strings.HasPrefix(id, desired.HelperPrefix) {
		id = "scratch"
	}
	return f.call(ctx, "remove %s", id)
}

func (f *fake) CopyToContainer(ctx context.Context, id, path string, content io.Reader, _ container.CopyToContainerOptions) error {
	if err := f.call(ctx, "copy to %s:%s", id, path); err != nil {
		return err
	}
	return f.take(content)
}

func (f *fake) take(content io.Reader) error {
	if f.read != nil {
		return f.read(content)
	}
	_, err := io.Copy(io.Discard, content)
	return err
}

func (f *fake) NetworkCreate(ctx context.Context, name string, _ network.CreateOptions) (network.CreateResponse, error) {
	return network.CreateResponse{}, f.call(ctx, "create network %s", name)
}

func (f *fake) NetworkInspect(_ context.Context, name string, _ network.InspectOptions) (network.Inspect, error) {
	if n, ok := f.networks[name]; ok {
		return n, nil
	}
	return network.Inspect{}, errdefs.ErrNotFound
}

func (f *fake) NetworkRemove(ctx context.Context, name string) error {
	return f.call(ctx, "remove network %s", name)
}

func (f *fake) NetworkConnect(ctx context.Context, name, id string, _ *network.EndpointSettings) error {
	return f.call(ctx, "connect %s to %s", id, name)
}

func (f *fake) VolumeCreate(ctx context.Context, options volume.CreateOptions) (volume.Volume, error) {
	return volume.Volume{}, f.call(ctx, "create volume %s", options.Name)
}

func (f *fake) VolumeRemove(ctx context.Context, name string, _ bool) error {
	return f.call(ctx, "remove volume %s", name)
}

func (f *fake) ImageInspect(_ context.Context, ref string) (image.InspectResponse, error) {
	if slices.Contains(f.has, ref) {
		return image.InspectResponse{ID: "sha256:" + ref}, nil
	}
	return image.InspectResponse{}, errdefs.ErrNotFound
}

func (f *fake) ImagePull(ctx context.Context, ref string, options image.PullOptions) (io.ReadCloser, error) {
	err := f.call(ctx, "pull %s", ref)
	f.mu.Lock()
	defer f.mu.Unlock()
	if options.RegistryAuth != "" {
		f.auths = append(f.auths, options.RegistryAuth)
	}
	body := f.body
	if f.stream != nil {
		body = f.stream("pull " + ref)
	}
	return io.NopCloser(strings.NewReader(body)), err
}

func (f *fake) ImageRemove(ctx context.Context, ref string, _ image.RemoveOptions) ([]image.DeleteResponse, error) {
	return nil, f.call(ctx, "untag %s", ref)
}

func (f *fake) ImageTag(ctx context.Context, source, target string) error {
	return f.call(ctx, "tag %s as %s", source, target)
}

func (f *fake) ImageImport(ctx context.Context, _ image.ImportSource, ref string, _ image.ImportOptions) (io.ReadCloser, error) {
	return io.NopCloser(strings.NewReader("")), f.call(ctx, "import %s", ref)
}

// DialHijack is that of an engine without BuildKit.
func (f *fake) DialHijack(context.Context, string, string, map[string][]string) (net.Conn, error) {
	return nil, errdefs.ErrNotImplemented
}

func (f *fake) ImageBuild(ctx context.Context, content io.Reader, options build.ImageBuildOptions) (build.ImageBuildResponse, error) {
	if err := f.call(ctx, "build %s", options.Tags[0]); err != nil {
		return build.ImageBuildResponse{}, err
	}
	f.mu.Lock()
	f.buildAuths = options.AuthConfigs
	f.mu.Unlock()
	return build.ImageBuildResponse{Body: io.NopCloser(bytes.NewBufferString(f.body))}, f.take(content)
}

func up(startedAt string) *container.State {
	return &container.State{Status: container.StateRunning, StartedAt: startedAt}
}

func withHealth(status string) *container.State {
	s := up("1")
	s.Health = &container.Health{Status: status, FailingStreak: 3}
	return s
}

// pull is an operation without consequences that tests order.
func pull(id string, needs ...string) *plan.Operation {
	return &plan.Operation{ID: id, Kind: plan.PullImage, Service: id, Needs: named(needs...)}
}

// named are prerequisites by their IDs, which linked finds.
func named(ids ...string) []*plan.Operation {
	var needs []*plan.Operation
	for _, id := range ids {
		needs = append(needs, &plan.Operation{ID: id})
	}
	return needs
}

// linked replaces named prerequisites by the operations with these IDs.
func linked(ops []*plan.Operation) []*plan.Operation {
	for _, op := range ops {
		for i, need := range op.Needs {
			op.Needs[i] = ops[slices.IndexFunc(ops, func(o *plan.Operation) bool { return o.ID == need.ID })]
		}
	}
	return ops
}

// pulls is a plan of pulls, and the services that name the images.
func pulls(ops ...*plan.Operation) (*desired.Stack, *plan.Plan) {
	w := &desired.Stack{Name: "home", Services: map[string]desired.Service{}}
	for _, op := range ops {
		w.Services[op.Service] = desired.Service{Name: op.Service, Image: desired.Image{Reference: op.ID}}
	}
	return w, &plan.Plan{Operations: linked(ops), Rollback: true}
}

func failing(calls ...string) func(context.Context, string) error {
	return func(_ context.Context, call string) error {
		if slices.Contains(calls, call) {
			return fmt.Errorf("%s refused", call)
		}
		return nil
	}
}

// errConflict is what engines answer for a command in a container that ended.
var errConflict = fmt.Errorf("container is not running: %w", errdefs.ErrConflict)

func failingWith(err error, calls ...string) func(context.Context, string) error {
	return func(_ context.Context, call string) error {
		if slices.Contains(calls, call) {
			return err
		}
		return nil
	}
}

func wantCalls(t *testing.T, f *fake, want ...string) {
	t.Helper()
	if got := f.called(); !slices.Equal(got, want) {
		t.Errorf("calls:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
