package execute

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"golang.org/x/sync/semaphore"

	"github.com/docker/docker/api/types/image"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
)

// DefaultConcurrency is how many operations run on a node at once.
const DefaultConcurrency = 8

// Slots bounds how many operations run at once. It may be shared by runs.
type Slots = *semaphore.Weighted

// NewSlots returns slots for n operations at once.
func NewSlots(n int64) Slots { return semaphore.NewWeighted(n) }

// Options are how a plan is run.
type Options struct {
	// Name names what the plan is of in errors, if that is not a stack.
	Name string
	// Rollback undoes the changes when one of them does not arrive.
	Rollback bool
	// Auth gives the engine's X-Registry-Auth value for an image; nil means none.
	Auth func(ctx context.Context, ref string) (string, error)
	// AuthSource says in messages where these come from; nil means that
	// nobody knows.
	AuthSource func(ctx context.Context, ref string) string
	// Mirrors gives the references under which mirrors may have an image, in the
	// order in which to try them before its own; nil means there are none.
	Mirrors func(ref string) ([]string, error)
	// Digests are the digests, by reference, of images that the node has. The
	// node itself forgets them for what it did not pull under that name.
	Digests map[string]string
	// Progress gets every operation that starts and of the steps of long
	// ones. It is called from several goroutines. It is never given a secret.
	Progress func(ctx context.Context, message string)
	// Slots bounds how many operations run at once, over all runs that share it;
	// nil means DefaultConcurrency for this run alone.
	Slots Slots
}

// Run carries out a plan. want is the stack that it makes, nil for a plan that makes
// nothing of a stack. The error is nil or an *Error that holds the
// operations that failed by themselves; those that were skipped because of
// them are left out. Operations in flight are waited for, also after an error.
func Run(ctx context.Context, engine Engine, want *desired.Stack, p *plan.Plan, opts Options) error {
	r := newRun(engine, want, p, opts)
	var waiting context.Context
	waiting, r.stopWaiting = context.WithCancel(ctx)
	defer r.stopWaiting()
	var wg sync.WaitGroup
	for _, op := range p.Operations {
		wg.Add(1)
		go func() {
			defer wg.Done()
			r.step(ctx, waiting, op)
		}()
	}
	wg.Wait()
	return r.outcome(ctx)
}

// run is one execution of a plan.
type run struct {
	engine Engine
	want   *desired.Stack
	plan   *plan.Plan
	opts   Options
	done   map[*plan.Operation]*result
	// stopWaiting ends the waits for containers that will be undone anyway.
	stopWaiting context.CancelFunc

	mu       sync.Mutex                       // guards what follows
	created  map[replica]string               // containers this run made
	pulled   map[string]string                // digests by reference, of what this run pulled
	images   map[string]image.InspectResponse // of new containers, by reference
	journal  []*entry                         // what was done or may have been, in order
	lost     []lostContainer                  // which may have been made
	failures []Failure
	// builds are the image builds of this run, by reference; each runs once.
	builds map[string]func() error
	// final reports that the removal of old containers has begun: all that is new
	// has arrived by then, and there is no way back.
	final bool
}

type replica struct {
	service string
	number  int
}

// entry is an operation in the journal.
type entry struct {
	*plan.Operation
	// done reports that the engine said so. Otherwise the answer was lost, and the
	// engine may have done it, do it still, or never do it. cause is why.
	done  bool
	cause error
	// startedAt is the run that a restart was to end.
	startedAt string
}

// result is written before finished is closed, and read only after.
type result struct {
	finished chan struct{}
	ok       bool
}

func newRun(engine Engine, want *desired.Stack, p *plan.Plan, opts Options) *run {
	if opts.Slots == nil {
		opts.Slots = NewSlots(DefaultConcurrency)
	}
	if opts.Progress == nil {
		opts.Progress = func(context.Context, string) {}
	}
	r := &run{engine: engine, want: want, plan: p, opts: opts,
		done: map[*plan.Operation]*result{}, created: map[replica]string{}, pulled: map[string]string{},
		images: map[string]image.InspectResponse{}, builds: map[string]func() error{}}
	for _, op := range p.Operations {
		r.done[op] = &result{finished: make(chan struct{})}
	}
	return r
}

// step runs one operation once all its prerequisites have succeeded. waiting is
// the context of waits for containers.
func (r *run) step(ctx, waiting context.Context, op *plan.Operation) {
	res := r.done[op]
	defer close(res.finished)
	for _, need := range op.Needs {
		select {
		case <-r.done[need].finished:
		case <-ctx.Done():
			return
		}
		if !r.done[need].ok {
			return
		}
	}
	if op.Kind != plan.AwaitContainer { // waiting costs the engine nothing, and must not starve the others
		if r.opts.Slots.Acquire(ctx, 1) != nil {
			return
		}
		defer r.opts.Slots.Release(1)
	}
	if r.stopping(op) {
		return
	}
	r.opts.Progress(ctx, op.ID)
	scope := ctx
	if op.Kind == plan.AwaitContainer {
		scope = waiting
	}
	err := r.do(scope, op)
	r.note(op, err)
	if err != nil {
		if scope.Err() == nil || ctx.Err() != nil { // else the wait was cancelled, which is not a failure of its own
			r.fail(ctx, op, err)
		}
		return
	}
	res.ok = true
}

// sending writes an operation into the journal that the engine goes on with when the
// caller's time is up or its answer is lost.
func (r *run) sending(e *entry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.journal = append(r.journal, e)
}

// note writes an operation that was done, or may have been, into the journal, by
// which it can be undone.
func (r *run) note(op *plan.Operation, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.journal {
		if e.Operation == op {
			e.done, e.cause = err == nil, err
			return
		}
	}
	if err == nil || uncertain(err) && op.Kind != plan.StopContainer && op.Kind != plan.RestartContainer {
		r.journal = append(r.journal, &entry{Operation: op, done: err == nil, cause: err})
	}
}

// completed reports whether every operation was done.
func (r *run) completed() bool {
	done := 0
	for _, e := range r.journal {
		if e.done {
			done++
		}
	}
	return done == len(r.plan.Operations)
}

// stopping reports whether an operation is not to begin, because what was done
// will be undone. It notes where that is no longer possible.
func (r *run) stopping(op *plan.Operation) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.opts.Rollback && len(r.failures) > 0 && !r.final {
		return true
	}
	r.final = r.final || op.Kind == plan.RemoveContainer && op.Service != "" // scratch containers belong to none
	return false
}

// errNoSuchKind means the plan and this package do not match.
var errNoSuchKind = errors.New("unknown kind of operation")

func (r *run) do(ctx context.Context, op *plan.Operation) error {
	switch op.Kind {
	case plan.PullImage:
		return r.pullImage(ctx, op)
	case plan.BuildImage:
		return r.buildImage(ctx, op)
	case plan.RetagImage:
		return r.engine.ImageTag(ctx, op.Image, op.Name)
	case plan.CreateNetwork:
		return r.createNetwork(ctx, op)
	case plan.RemoveNetwork:
		return r.removeNetwork(ctx, op.Name)
	case plan.CreateVolume:
		return r.createVolume(ctx, op)
	case plan.RemoveVolume:
		return ignoreNotFound(r.engine.VolumeRemove(ctx, op.Name, false))
	case plan.DeliverFiles:
		return r.deliver(ctx, op)
	case plan.AwaitContainer:
		return r.await(ctx, r.target(op), op.Await)
	default:
		return r.doContainer(ctx, op)
	}
}

// target is the container that an operation acts on: an existing one, or the
// one that this run made for the replica.
func (r *run) target(op *plan.Operation) string {
	if op.Container != "" {
		return op.Container
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.created[replica{op.Service, op.Number}]
}

// outcome turns the failures into one error, after undoing what was done where
// that is asked for and possible.
func (r *run) outcome(ctx context.Context) error {
	switch {
	case len(r.failures) > 0:
	case r.completed(): // also when time was up just then
		return nil
	default:
		r.failures = append(r.failures, Failure{Err: fmt.Errorf("converge stack: %w", ctx.Err())})
	}
	out := &Error{Failures: r.failures, Stack: r.name()}
	if r.opts.Rollback && r.plan.Rollback && !r.final {
		out.Restored, out.RollbackErr = r.rollBack(ctx)
		out.RolledBack = true
	}
	return out
}

// name names what the plan is of.
func (r *run) name() string {
	if r.want == nil {
		return r.opts.Name
	}
	return r.want.Name
}
