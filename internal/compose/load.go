package compose

import (
	"context"
	"maps"
	"slices"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/paths"
	"github.com/compose-spec/compose-go/v2/types"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

// Input is a stack as it is configured.
type Input struct {
	// Name is the Compose project name.
	Name string
	// Compose is the Compose document, and Overrides are merged into it in
	// order, as "docker compose -f" does.
	Compose   string
	Overrides []string
	// Dir is the directory that relative paths start from; relative itself, it
	// starts from the working directory. Empty means none: a relative path in
	// the documents is then an error.
	Dir string
	// Profiles are the enabled profiles.
	Profiles []string
	// Variables and Secrets are the values of ${NAME}. No name may be in both.
	Variables map[string]string
	Secrets   map[string]string
	// Unknown names the secrets of which nobody knows the value yet. A stack
	// with such a secret is for planning only: see [desired.Stack.Undecided].
	Unknown []string
	// UnknownNames reports that not even the names of the secrets are known yet:
	// every name that is used where a secret may be, and that is not a variable, may
	// be one. Secrets is empty then.
	UnknownNames bool
	// Pull is when images are pulled, for services without a pull_policy: one
	// of the [desired.PullPolicy] values; empty means "missing".
	Pull string
	// UpdateOrder is how containers are replaced, for services without a
	// deploy.update_config.order: one of the [desired.UpdateOrder] values; empty
	// means "stop-first".
	UpdateOrder string
}

// Load returns the stack that the documents describe. It reads the files they
// name, below Dir or at absolute local paths, and does no other I/O; large files
// are digested in a stream. It is safe for concurrent use.
//
// Its errors are [*Error] values, joined; see [Errors]. None of them holds the
// value of a secret. With UnknownNames it returns [ErrUndecided] where the
// documents don't show by themselves which names there are.
func Load(ctx context.Context, in Input) (desired.Stack, error) {
	l := &load{in: in, table: knownKeys(), warnings: map[string]bool{}}
	l.masks = newMasks(slices.Collect(maps.Keys(in.Secrets)), in.Unknown)
	if !l.prepare() {
		return desired.Stack{}, l.problems.err()
	}
	if in.UnknownNames && !l.guess(ctx) {
		return desired.Stack{}, ErrUndecided
	}
	masked, ok := l.readMasked(ctx)
	if !ok {
		return desired.Stack{}, l.failure(ctx)
	}
	actual := masked
	if len(l.masks.names) > 0 {
		if actual, ok = l.readReal(ctx, masked); !ok {
			return desired.Stack{}, l.failure(ctx)
		}
	}
	stack := l.convert(ctx, actual, masked)
	if err := l.failure(ctx); err != nil {
		return desired.Stack{}, err
	}
	return stack, nil
}

// load is the state of one call of Load.
type load struct {
	in    Input
	dir   string // absolute, or empty
	table *keyTable
	problems
	warnings map[string]bool
	// lenient lets a required variable be empty.
	lenient bool
	// asked gathers, unless it is nil, all names that had no value.
	asked map[string]bool
}

// failure prefers the context's error: with it, every other one is a sequel.
func (l *load) failure(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return l.err()
}

func (l *load) warn(text string) { l.warnings[l.masks.name(text)] = true }

// lookup finds a variable, with its marker for a secret.
func (l *load) lookup(name string) (string, bool) {
	if value, ok := l.masks.byName[name]; ok {
		return value, true
	}
	value, ok := l.in.Variables[name]
	return value, ok
}

// model is what compose-go made of the documents with one set of values.
type model struct {
	// tree is the merged document with paths as they were written.
	tree map[string]any
	// asWritten and resolved are the project with relative and with absolute
	// paths. Environment and label files are read in resolved only.
	asWritten, resolved *types.Project
	unset               map[string]bool
	// inconsistent is what compose-go finds wrong with a project whose parts are
	// all right.
	inconsistent error
}

// readMasked loads the documents with markers for secrets and reports all that
// is wrong with them.
func (l *load) readMasked(ctx context.Context) (*model, bool) {
	m, err := l.read(ctx, l.masks.byName)
	if err != nil {
		l.diagnose(err)
		return nil, false
	}
	for name := range m.unset {
		l.warn(unsetWarning(name))
	}
	if !l.check(m) {
		return nil, false
	}
	if len(l.list) == 0 {
		if err := l.resolveFiles(m); err != nil {
			l.diagnose(err)
		}
	}
	l.checkConversion(m)
	if len(l.list) == 0 {
		l.checkRest(m)
	}
	return m, len(l.list) == 0
}

// readReal loads the documents with the secrets' values. The masked load has found
// their errors before. An error here quotes values, so its text is not passed on.
func (l *load) readReal(ctx context.Context, masked *model) (*model, bool) {
	m, err := l.read(ctx, l.secrets())
	if err == nil {
		err = l.resolveFiles(m)
	}
	if err != nil {
		l.addError("secrets", "with the values of the secrets filled in, the configuration is not valid any more. A secret inside a command that is written as one text must have balanced quotes: write that command as a list, one item for each argument. Secrets are used in: %s", l.masks.uses(masked.tree))
		return nil, false
	}
	return m, true
}

// secrets are the values of the secrets; a marker replaces one that is not
// known.
func (l *load) secrets() map[string]string {
	values := maps.Clone(l.masks.byName)
	maps.Copy(values, l.in.Secrets)
	return values
}

// read runs compose-go over the documents. values are those of the secrets.
func (l *load) read(ctx context.Context, values map[string]string) (*model, error) {
	environment := types.Mapping{}
	maps.Copy(environment, l.in.Variables)
	maps.Copy(environment, values)
	details := types.ConfigDetails{WorkingDir: l.dir, ConfigFiles: l.configFiles(), Environment: environment}
	m := &model{unset: map[string]bool{}}
	options := []func(*loader.Options){l.options(m.unset)}
	var err error
	if m.tree, err = loader.LoadModelWithContext(ctx, details, options...); err != nil {
		return nil, err
	}
	l.expandHome(m.tree)
	if m.asWritten, m.inconsistent = project(m.tree, details, append(options, consistent)); m.inconsistent != nil {
		if m.asWritten, err = project(m.tree, details, options); err != nil {
			return nil, err
		}
	}
	if l.dir == "" { // nothing that is relative can be resolved
		m.resolved = m.asWritten
		return m, nil
	}
	absolute := clone(m.tree).(map[string]any)
	if err = paths.ResolveRelativePaths(absolute, l.dir, nil); err != nil {
		return nil, err
	}
	m.resolved, err = project(absolute, details, options)
	return m, err
}

func (l *load) configFiles() []types.ConfigFile {
	files := make([]types.ConfigFile, len(l.docs))
	for i, doc := range l.docs {
		files[i] = types.ConfigFile{Filename: doc.attribute, Content: []byte(doc.text)}
	}
	return files
}

func (l *load) options(unset map[string]bool) func(*loader.Options) {
	return func(o *loader.Options) {
		o.SetProjectName(l.in.Name, true)
		o.Profiles = slices.Clone(l.in.Profiles)
		o.ResolvePaths = false
		o.SkipConsistencyCheck = true
		o.SkipResolveEnvironment = true
		o.SkipResolveLabels = true
		o.ResourceLoaders = []loader.ResourceLoader{&sourceGuard{dir: l.dir}}
		substitution := &substitution{unset: unset, lenient: l.lenient, asked: l.asked}
		o.Interpolate.Substitute = substitution.apply
		o.Interpolate.TypeCastMapping = casts(o.Interpolate.TypeCastMapping)
	}
}

// consistent has compose-go look at how a project's parts go together.
func consistent(o *loader.Options) { o.SkipConsistencyCheck = false }

// project makes compose-go's typed project from a copy of a model's tree.
func project(tree map[string]any, details types.ConfigDetails, options []func(*loader.Options)) (*types.Project, error) {
	opts := loader.ToOptions(&details, options)
	p, err := loader.ModelToProject(clone(tree).(map[string]any), opts, details)
	if err != nil {
		return nil, err
	}
	return p.WithoutUnresolvedOptionalDependencies().WithoutUnnecessaryResources(), nil
}

func clone(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, value := range v {
			out[key] = clone(value)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, value := range v {
			out[i] = clone(value)
		}
		return out
	}
	return v
}

// resolveFiles reads environment and label files into the resolved project.
func (l *load) resolveFiles(m *model) error {
	p, err := m.resolved.WithServicesEnvironmentResolved(true)
	if err != nil {
		return err
	}
	if m.resolved, err = p.WithServicesLabelsResolved(false); err != nil {
		return err
	}
	l.useAPISocket(m)
	return nil
}
