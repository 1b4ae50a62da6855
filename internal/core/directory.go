package core

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/directory"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
)

// Directory is a path of a node as it was found.
type Directory = observed.Directory

// DirectoryProblem is why a directory cannot be had as it is wanted.
type DirectoryProblem = directory.Problem

// DirectoriesError means that some directories cannot be had as they are wanted.
// Nothing was made or changed.
type DirectoriesError struct{ Problems []DirectoryProblem }

func (e *DirectoriesError) Error() string {
	var lines []string
	for _, p := range e.Problems {
		lines = append(lines, p.Detail)
	}
	return strings.Join(lines, "\n")
}

// ReadDirectories looks at directories of a node; those that no window shows are
// unseen. It writes nothing. Without paths it asks nothing.
func (n Nodes) ReadDirectories(ctx context.Context, node string, ids observed.IDs, paths []string) (map[string]Directory, error) {
	if len(paths) == 0 {
		return map[string]Directory{}, nil
	}
	engine, snapshot, err := n.look(ctx, node)
	if err != nil {
		return nil, err
	}
	found, err := observed.ReadDirectories(ctx, engine, snapshot.Windows(), ids, paths)
	return found, explain(engine, err)
}

// PreviewDirectories says what of the directories cannot be had. Known are those
// that were read already; the others are looked at, and found is all of them. It
// writes nothing.
func (n Nodes) PreviewDirectories(ctx context.Context, node string, ids observed.IDs, want []desired.Directory, known map[string]Directory) (
	found map[string]Directory, problems []DirectoryProblem, err error) {
	var others []string
	for _, w := range want {
		if _, ok := known[w.Path]; !ok {
			others = append(others, w.Path)
		}
	}
	found, err = n.ReadDirectories(ctx, node, ids, others)
	if err != nil {
		return nil, nil, err
	}
	maps.Copy(found, known)
	_, problems = directory.Decide(want, found)
	return found, problems, nil
}

// DeclareDirectories notes what a resource is planned to have of a node's
// directories, and reports which of them another resource of the run declares otherwise:
// each would undo what the other does. identity is unique to the resource; without one
// nothing is noted. It does no I/O.
func (n Nodes) DeclareDirectories(node, identity string, want []desired.Directory) []DirectoryProblem {
	var problems []DirectoryProblem
	for _, w := range want {
		if other, differs := n.run.NoteDirectory(node, identity, w); differs {
			problems = append(problems, DirectoryProblem{Path: w.Path, Detail: fmt.Sprintf(
				"Two homelab_node of this configuration have %s on node %q: this one with %s, the other one with %s. Each would undo what the other does. "+
					"Declare it in one of them only, or with the same owner and mode in both.", w.Path, node, w, other)})
		}
	}
	return problems
}

// ApplyDirectories makes the directories and sets their owners and modes, and
// returns them as they are then, also on an error, unless they cannot be seen.
// Before are the paths that were managed so far: those that are no longer wanted stay on
// the node. Keeper identifies the resource that manages the directories, so that each
// closes its own windows only. Resources of one node take turns: a missing parent
// directory may be that of another one.
func (n Nodes) ApplyDirectories(ctx context.Context, node, keeper string, want []desired.Directory, before []string) (map[string]Directory, error) {
	if len(want)+len(before) == 0 {
		return map[string]Directory{}, nil
	}
	end, err := n.run.Turn(ctx, node, "directories")
	if err != nil {
		return nil, err
	}
	defer end()
	n.forget(node)
	defer n.forget(node)
	if err := n.tidy(ctx, node); err != nil {
		return nil, err
	}
	engine, err := n.engines.Engine(ctx, node)
	if err != nil {
		return nil, err
	}
	facts, err := observed.ReadFacts(ctx, engine)
	if err != nil {
		return nil, explain(engine, err)
	}
	if err := checkDirectories(want, facts.DataRoot); err != nil {
		return nil, err
	}
	have, err := applyDirectories(ctx, engine, keeper, want, facts)
	if have == nil && len(before) == 0 { // no state will have this keeper
		return nil, explain(engine, errors.Join(err, closeWindows(ctx, engine, keeper, nil)))
	}
	if err == nil {
		err = closeWindows(ctx, engine, keeper, windowsOf(pathsOf(want), facts.DataRoot))
	}
	return have, explain(engine, err)
}

func applyDirectories(ctx context.Context, engine Engine, keeper string, want []desired.Directory, facts observed.Facts) (map[string]Directory, error) {
	w := &directoryWriter{engine: engine, keeper: keeper, facts: facts, paths: pathsOf(want)}
	have, err := w.read(ctx)
	if err != nil {
		return nil, err
	}
	writes, problems := directory.Decide(want, have)
	if len(problems) > 0 {
		return have, &DirectoriesError{problems}
	}
	made, err := w.makeRoots(ctx, have)
	if err != nil {
		return have, err
	}
	if made {
		if have, err = w.read(ctx); err != nil {
			return nil, err
		}
		if writes, problems = directory.Decide(want, have); len(problems) > 0 {
			return have, &DirectoriesError{problems}
		}
	}
	writeErr := w.write(ctx, writes)
	later, cancel := afterwards(ctx)
	defer cancel()
	after, err := w.read(later)
	if _, problems := directory.Decide(want, after); writeErr != nil && len(problems) > 0 { // the cause, where it can be seen
		return after, &DirectoriesError{problems}
	}
	if err = errors.Join(writeErr, err); err != nil {
		return after, err
	}
	return after, sameDirectories(want, after)
}

// sameDirectories finds what the engine took without an error and did not do.
func sameDirectories(want []desired.Directory, have map[string]Directory) error {
	writes, problems := directory.Decide(want, have)
	if len(writes)+len(problems) == 0 {
		return nil
	}
	for i := range writes {
		w := &writes[i]
		problems = append(problems, DirectoryProblem{Path: w.Path, Detail: fmt.Sprintf(
			"%s was set to uid %d, gid %d, mode %s, and is %s. If its file system keeps no owners or modes, leave uid, gid and mode out; "+
				"if the engine maps users from several ranges, use IDs of the first.", w.Path, w.UID, w.GID, w.Mode, describe(w.Had))})
	}
	return &DirectoriesError{problems}
}

func describe(have Directory) string {
	if have.State != observed.DirectoryPresent {
		return string(have.State)
	}
	return fmt.Sprintf("uid %d, gid %d, mode %s", have.UID, have.GID, have.Mode)
}

func checkDirectories(want []desired.Directory, dataRoot string) error {
	var problems []DirectoryProblem
	for _, w := range want {
		if err := desired.CheckDirectory(w.Path, dataRoot); err != nil {
			problems = append(problems, DirectoryProblem{Path: w.Path, Detail: fmt.Sprintf("Path %s.", err)})
		}
	}
	if len(problems) > 0 {
		return &DirectoriesError{problems}
	}
	return nil
}

func pathsOf(want []desired.Directory) []string {
	var paths []string
	for _, w := range want {
		paths = append(paths, w.Path)
	}
	slices.Sort(paths)
	return paths
}
