package execute

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/pkg/stdcopy"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
)

// ErrHook means that a command which runs around a container's life failed.
var ErrHook = errors.New("exited")

// start runs the hooks around a start, as Docker Compose 5.5.1 does
// (pkg/compose/pre_start.go and hook.go): pre_start in containers of their own
// before it, post_start in the container right after it.
func (r *run) start(ctx context.Context, op *plan.Operation, id string) error {
	for i, hook := range op.Hooks.PreStart {
		if err := r.runBeside(ctx, op, id, &hook); err != nil {
			return fmt.Errorf("pre_start hook %d of service %s: %w", i+1, op.Service, err)
		}
	}
	if err := r.engine.ContainerStart(ctx, id, container.StartOptions{}); err != nil {
		return err
	}
	return r.runInside(ctx, id, op.Service, "post_start", op.Hooks.PostStart)
}

func (r *run) restart(ctx context.Context, op *plan.Operation, id string) error {
	if err := r.preStop(ctx, op, id); err != nil {
		return err
	}
	var began string
	if c, err := r.engine.ContainerInspect(ctx, id); err == nil && c.State != nil {
		began = c.State.StartedAt
	}
	r.sending(&entry{Operation: op, startedAt: began})
	if err := r.engine.ContainerRestart(ctx, id, r.stopOptions(op.Service)); err != nil {
		return err
	}
	return r.runInside(ctx, id, op.Service, "post_start", op.Hooks.PostStart)
}

func (r *run) stop(ctx context.Context, op *plan.Operation, id string) error {
	if op.WasUp {
		if err := r.preStop(ctx, op, id); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	r.sending(&entry{Operation: op})
	return ignoreNotFound(r.engine.ContainerStop(ctx, id, r.stopOptions(op.Service)))
}

// preStop runs hooks in a container that may have ended by itself: then there
// is nothing to prepare.
func (r *run) preStop(ctx context.Context, op *plan.Operation, id string) error {
	err := r.runInside(ctx, id, op.Service, "pre_stop", op.Hooks.PreStop)
	if errdefs.IsNotFound(err) || errdefs.IsConflict(err) {
		return nil
	}
	return err
}

// runInside runs hooks one after another in a container that runs.
func (r *run) runInside(ctx context.Context, id, service, kind string, hooks []desired.Hook) error {
	for i, hook := range hooks {
		r.opts.Progress(ctx, fmt.Sprintf("run %s hook %d of service %s", kind, i+1, service))
		if err := r.exec(ctx, id, &hook); err != nil {
			return fmt.Errorf("%s hook %d of service %s: %w", kind, i+1, service, err)
		}
	}
	return nil
}

// exec runs a command in a container and waits for its end. The error has the
// last lines that it wrote.
func (r *run) exec(ctx context.Context, id string, hook *desired.Hook) error {
	made, err := r.engine.ContainerExecCreate(ctx, id, container.ExecOptions{User: hook.User, Privileged: hook.Privileged, Env: hook.Environment,
		WorkingDir: hook.WorkingDir, Cmd: hook.Command, AttachStdout: true, AttachStderr: true})
	if err != nil {
		return fmt.Errorf("create exec: %w", err)
	}
	attached, err := r.engine.ContainerExecAttach(ctx, made.ID, container.ExecAttachOptions{})
	if err != nil {
		return fmt.Errorf("start exec: %w", err)
	}
	output, err := readAttached(ctx, &attached)
	if err != nil {
		return fmt.Errorf("read output: %w", err)
	}
	ended, err := r.engine.ContainerExecInspect(ctx, made.ID)
	if err != nil {
		return fmt.Errorf("inspect exec: %w", err)
	}
	if ended.ExitCode != 0 {
		return fmt.Errorf("%w with code %d%s", ErrHook, ended.ExitCode, quoted(output))
	}
	return nil
}

// readAttached reads what a command writes until it ends. Closing the
// connection is the only way to end a read when time is up.
func readAttached(ctx context.Context, attached *types.HijackedResponse) (string, error) {
	stop := context.AfterFunc(ctx, attached.Close)
	defer func() {
		if stop() {
			attached.Close()
		}
	}()
	var out tail
	_, err := stdcopy.StdCopy(&out, &out, attached.Reader)
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	return out.String(), nil
}

// runBeside runs a pre_start hook in a container of its own, on the service's
// networks and with the volumes of the container that is about to start.
func (r *run) runBeside(ctx context.Context, op *plan.Operation, id string, hook *desired.Hook) (err error) {
	s := r.want.Services[op.Service]
	config := container.Config{Image: hook.Image, Cmd: hook.Command, User: hook.User, WorkingDir: hook.WorkingDir,
		Env: slices.Concat(s.Config.Env, hook.Environment), Labels: map[string]string{desired.LabelScratch: r.want.Name}}
	if config.Image == "" {
		config.Image = s.Image.Reference
	}
	host := container.HostConfig{Privileged: hook.Privileged, VolumesFrom: []string{id}, NetworkMode: s.Host.NetworkMode}
	r.resolveParents(&host, op)
	joined := &network.NetworkingConfig{EndpointsConfig: map[string]*network.EndpointSettings{}}
	attachments := endpoints(&s, "")
	for i, e := range attachments { // without names and addresses, which are the service's
		if i == 0 || atLeast(r.engine, apiManyEndpoints) {
			joined.EndpointsConfig[e.network] = &network.EndpointSettings{}
		}
	}
	name := helperName("hook")
	made, err := r.engine.ContainerCreate(ctx, &config, &host, joined, platform(s.Image.Platform), name)
	if err != nil {
		return errors.Join(fmt.Errorf("create container: %w", err), removeLost(ctx, r.engine, name, err))
	}
	defer func() {
		err = errors.Join(err, removeHelper(ctx, r.engine, made.ID, container.RemoveOptions{Force: true, RemoveVolumes: true}))
	}()
	for i, e := range attachments {
		if i > 0 && !atLeast(r.engine, apiManyEndpoints) {
			if err := r.engine.NetworkConnect(ctx, e.network, made.ID, &network.EndpointSettings{}); err != nil {
				return fmt.Errorf("connect container to network %s: %w", e.network, err)
			}
		}
	}
	r.opts.Progress(ctx, "run pre_start hook of service "+op.Service)
	if err := r.engine.ContainerStart(ctx, made.ID, container.StartOptions{}); err != nil {
		return fmt.Errorf("start container: %w", err)
	}
	if err := r.await(ctx, made.ID, plan.AwaitCompleted); err != nil {
		var text bytes.Buffer
		later, cancel := context.WithTimeout(context.WithoutCancel(ctx), collectLimit)
		defer cancel()
		for _, line := range r.logs(later, made.ID, false) {
			fmt.Fprintln(&text, line)
		}
		return fmt.Errorf("%w%s", err, quoted(text.String()))
	}
	return nil
}

// quoted adds the end of a command's output to an error.
func quoted(output string) string {
	text := ""
	for _, line := range lastLines(output) {
		text += "\n  " + line
	}
	if text != "" {
		text = ", after it wrote:" + text
	}
	return text
}

// tail keeps the end of what is written to it.
type tail struct{ kept []byte }

// tailBytes is more than lastLines shows.
const tailBytes = logLines * logLineBytes

// Write never fails.
func (t *tail) Write(p []byte) (int, error) {
	t.kept = append(t.kept, p...)
	if extra := len(t.kept) - tailBytes; extra > 0 {
		t.kept = append(t.kept[:0], t.kept[extra:]...)
	}
	return len(p), nil
}

// String is what was kept.
func (t *tail) String() string { return string(t.kept) }
