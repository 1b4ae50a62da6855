package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
)

// Destroy plans the removal of a stack from what exists alone: containers,
// dependents before what they depend on, then networks, then delivered files,
// and named volumes when that is asked for, those that the stack declares: others
// of its project stay, with a warning.
func Destroy(have *observed.Stack, opts Options) *Plan {
	b := &builder{want: &desired.Stack{Name: have.Name}, have: have, opts: opts, Plan: &Plan{}, volumeRemovals: operations{}}
	stops := map[string][]*Operation{} // by service
	for _, name := range sortedKeys(have.Services) {
		for i := range have.Services[name] {
			c := &existing{Container: &have.Services[name][i]}
			b.addChange(Change{Subject: "service " + name, Service: name, Number: c.Number, Action: Remove})
			b.retire(c)
			stops[name] = append(stops[name], c.stop)
		}
	}
	for _, name := range sortedKeys(have.Services) {
		for i := range have.Services[name] {
			c := &have.Services[name][i]
			for _, dependency := range recordedDependencies(c) {
				for _, stop := range stops[dependency] {
					stop.after(stops[name]...)
				}
			}
		}
	}
	b.breakCycles()
	for _, id := range have.Scratch {
		b.add(Operation{ID: opID(RemoveContainer, "scratch "+id), Kind: RemoveContainer, Container: id})
	}
	b.destroyNetworks()
	b.destroyVolumes()
	b.finish()
	return b.Plan
}

// recordedDependencies reads the label in which Docker Compose and homelab note
// the dependencies: "db:service_healthy:true,cache:service_started:false".
func recordedDependencies(c *observed.Container) []string {
	var out []string
	for _, one := range strings.Split(c.Labels[desired.LabelDependsOn], ",") {
		if name, _, _ := strings.Cut(one, ":"); name != "" {
			out = append(out, name)
		}
	}
	return out
}

// breakCycles drops the order among stops whose labels, edited by hand, go in a
// circle: a removal has to end.
func (p *Plan) breakCycles() {
	const visiting, visited = 1, 2
	mark := map[*Operation]int{}
	var visit func(*Operation)
	visit = func(op *Operation) {
		mark[op] = visiting
		kept := op.Needs[:0]
		for _, need := range op.Needs {
			if mark[need] == visiting {
				continue
			}
			if mark[need] == 0 {
				visit(need)
			}
			kept = append(kept, need)
		}
		op.Needs = kept
		mark[op] = visited
	}
	for _, op := range p.Operations {
		if mark[op] == 0 {
			visit(op)
		}
	}
}

// removeAnonymous removes anonymous volumes: only their container refers to them.
func (b *builder) removeAnonymous(volumes map[string]string, after []*Operation) {
	for _, target := range sortedKeys(volumes) {
		b.onceFor(b.volumeRemovals, Operation{Kind: RemoveVolume, Name: volumes[target], Needs: after})
	}
}

func (b *builder) destroyNetworks() {
	after := b.all(RemoveContainer)
	for _, name := range sortedKeys(b.have.Networks) {
		if b.have.Networks[name].Labels[desired.LabelProject] == b.have.Name {
			b.addChange(Change{Subject: "network " + name, Name: name, Action: Remove})
			b.add(Operation{Kind: RemoveNetwork, Name: name, Needs: after})
		}
	}
}

func (b *builder) destroyVolumes() {
	after := b.all(RemoveContainer)
	for _, service := range sortedKeys(b.have.Services) {
		for _, c := range b.have.Services[service] {
			b.removeAnonymous(c.Anonymous, after)
		}
	}
	for _, name := range sortedKeys(b.have.Volumes) {
		labels := b.have.Volumes[name].Labels
		delivered := labels[desired.LabelStack] == b.have.Name && labels[desired.LabelFile] != ""
		data := labels[desired.LabelProject] == b.have.Name && labels[desired.LabelVolume] != "" && b.opts.RemoveVolumes
		if data && !slices.Contains(b.opts.Declared, name) {
			b.Warnings = append(b.Warnings, fmt.Sprintf("Volume %q stays, with its data: it has the project's label, and this stack does not declare it. "+
				"If nothing needs it, remove it with docker volume rm %s.", name, name))
			continue
		}
		if delivered || data {
			b.addChange(Change{Subject: "volume " + name, Name: name, Action: Remove})
			b.onceFor(b.volumeRemovals, Operation{Kind: RemoveVolume, Name: name, Needs: after})
		}
	}
}
