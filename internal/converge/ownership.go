package converge

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
)

// thing is what a resource has of a node, for itself.
type thing struct{ kind, node, name string }

// The kinds of what a resource has of a node for itself.
const (
	KindStack   = "stack"
	KindNetwork = "network"
	KindSecret  = "secret"
	kindVolume  = "volume"

	kindDirectory = "directory"
)

// declaration is a resource that a thing is planned for.
type declaration struct {
	// identity tells one resource from another, and owner names it in messages.
	identity, owner string
}

// Hold notes that the run's state has something of a node: a stack, network or
// secret by its name. It does no I/O.
func (d *Door) Hold(kind, node, name string) { d.claims.hold(thing{kind, node, name}) }

// hold notes that a state of this run has a thing: it was read out of one, or is
// about to be destroyed. A resource that is planned without a state, and finds it,
// then comes in its place: Terraform destroys what it replaces.
func (c *claims) hold(t thing) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held == nil {
		c.held = map[thing]bool{}
	}
	c.held[t] = true
	c.stir()
}

// holds waits until a state of this run is known to have a thing, for as long as
// any work is under way that may show it, and reports whether one has. It is for a
// call that is noted as work itself.
func (c *claims) holds(ctx context.Context, t thing) bool {
	found := false
	c.waitUntil(ctx, t.node, func() bool {
		found = c.held[t]
		return found
	})
	return found
}

// holdsNow is holds without waiting.
func (c *claims) holdsNow(t thing) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.held[t]
}

// isDeclared reports whether a resource is planned to have a thing.
func (c *claims) isDeclared(t thing) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, ok := c.declared[t]
	return ok
}

// declare notes that a resource is planned to have a thing, and returns the owner
// of an earlier declaration by another resource; empty if there is none. Without an
// identity nothing is noted.
func (c *claims) declare(t thing, by declaration) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if by.identity == "" {
		return ""
	}
	if earlier, ok := c.declared[t]; ok && earlier.identity != by.identity {
		return earlier.owner
	}
	if c.declared == nil {
		c.declared = map[thing]declaration{}
	}
	c.declared[t] = by
	return ""
}

// fulfil forgets what a resource declared: once it is applied it may be planned
// again in the same process, with the state that came of it.
func (c *claims) fulfil(node, owner string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	maps.DeleteFunc(c.declared, func(t thing, by declaration) bool { return t.node == node && by.owner == owner })
}

// keepers are the other nodes on which a state of this run has a thing of the name.
func (c *claims) keepers(t thing) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var names []string
	for other := range c.held {
		if other.kind == t.kind && other.name == t.name && other.node != t.node {
			names = append(names, other.node)
		}
	}
	slices.Sort(names)
	return names
}

// clash says that another resource of the run is planned to have the same.
func (d *Door) clash(attribute string, t thing, by declaration) []plan.Problem {
	other := d.claims.declare(t, by)
	switch other {
	case "":
		return nil
	case by.owner:
		return []plan.Problem{{Attribute: attribute, Detail: fmt.Sprintf("Two resources of this configuration are %s on node %q. "+
			"Each would undo what the other does. Give one of the two another name or node, or remove one of them.", by.owner, t.node)}}
	}
	return []plan.Problem{{Attribute: attribute, Detail: fmt.Sprintf("The %s %q on node %q is made by %s and by %s of this configuration. "+
		"Only one of the two can make it: declare it external: true in a stack that uses it, or give one of them another name.", t.kind, t.name, t.node, other, by.owner)}}
}

func stackOwner(name string) string { return fmt.Sprintf("homelab_stack %q", name) }

// declareStack notes what a stack is planned to have for itself, and says what
// another resource of the run has declared, too.
func (d *Door) declareStack(node, identity string, want *desired.Stack) []plan.Problem {
	by := declaration{identity, stackOwner(want.Name)}
	if problems := d.clash("name", thing{KindStack, node, want.Name}, by); len(problems) > 0 {
		return problems
	}
	var problems []plan.Problem
	for _, key := range slices.Sorted(maps.Keys(want.Networks)) {
		if n := want.Networks[key]; !n.External {
			problems = append(problems, d.clash("compose", thing{KindNetwork, node, n.Name}, by)...)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(want.Volumes)) {
		if v := want.Volumes[key]; !v.External {
			problems = append(problems, d.clash("compose", thing{kindVolume, node, v.Name}, by)...)
		}
	}
	return problems
}

// vacated is a stack as a create will find it that is planned now. What a state of
// this run has goes first: Terraform destroys a resource that it replaces, and one
// that is declared under another address, before or while it makes the new one.
// What a create left that failed stays, for the one that comes in its place.
func (d *Door) vacated(ctx context.Context, node string, want *desired.Stack, have *observed.Stack, mem Memory, opts PreviewOptions) (left *observed.Stack, how vacancy, err error) {
	t := thing{KindStack, node, want.Name}
	switch {
	case opts.Adopt || mem.Known != nil || !have.Exists():
		return have, stays, nil
	case opts.Leaving == want.Name:
		return have.Gone(), stays, nil
	case d.claims.resumes(ctx, t):
		unfinished := *have
		unfinished.Unfinished = true // by the time of the create the node says so
		return &unfinished, resumes, nil
	case d.sameElsewhere(ctx, t, have.Lives):
		return have.Gone(), stays, nil
	case have.Unfinished && !d.claims.holdsNow(t):
		return have, stays, nil
	case d.claims.holds(ctx, t):
		return have.Gone(), moves, nil
	}
	_, have, err = d.observe(ctx, node, want.Name, references(want), mem.Seen) // what was written meanwhile is read
	return have, stays, err
}

// vacancy is what a create finds in its place, but for what is said of it anyway.
type vacancy int

const (
	stays   vacancy = iota
	moves           // another resource of the run had it
	resumes         // what the same resource's create left that failed
)

// sameElsewhere reports whether a state of this run has a thing on another node
// that is the same engine by another name. lives reports whether the thing is on a
// node. A node that can't be read is another one.
func (d *Door) sameElsewhere(ctx context.Context, t thing, lives func(*observed.Node) bool) bool {
	for _, other := range d.claims.keepers(t) {
		engine, err := d.engines.Engine(ctx, other)
		if err != nil {
			continue
		}
		if snapshot, err := d.snapshot(ctx, other, engine); err == nil && lives(snapshot) {
			return true
		}
	}
	return false
}

// movedWarning says what it means that a resource goes and another one comes in its
// place.
func movedWarning(owner, node string) string {
	kind, _, _ := strings.Cut(owner, " ")
	return fmt.Sprintf("The configuration's state has %s on node %q, and a resource without a state is to make it: what is there is destroyed, and made again. "+
		"If Terraform calls the resource tainted and what it has is well, run terraform untaint. "+
		"If only the resource's address has changed, as with another key of for_each, write a moved block (from = %s.OLD, to = %s.NEW), and nothing happens to it.", owner, node, kind, kind)
}
