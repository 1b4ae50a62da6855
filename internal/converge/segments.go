package converge

import (
	"slices"
	"sync"

	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
)

// segments are what the networks that were planned in this process take of their
// nodes. The zero value is ready.
type segments struct {
	mu    sync.Mutex // guards what follows
	nodes map[string][]plan.Segment
}

// put notes what a network takes, in place of what was noted of it before, and
// returns what was noted of others until then: of two that get in each other's way,
// one is told.
func (s *segments) put(node string, one plan.Segment) []plan.Segment {
	return s.replace(node, []plan.Segment{one}, func(other plan.Segment) bool { return other.Name == one.Name && other.Stack == "" })
}

// putStack is put for all networks of a stack.
func (s *segments) putStack(node, stack string, own []plan.Segment) []plan.Segment {
	return s.replace(node, own, func(other plan.Segment) bool { return other.Stack == stack })
}

func (s *segments) replace(node string, list []plan.Segment, mine func(plan.Segment) bool) []plan.Segment {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.nodes == nil {
		s.nodes = map[string][]plan.Segment{}
	}
	others := slices.DeleteFunc(slices.Clone(s.nodes[node]), mine)
	s.nodes[node] = slices.Concat(others, list)
	return others
}

// settle notes that a network is there as it was declared: nobody has to be warned
// any more of what making it may do.
func (s *segments) settle(node, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := slices.Clone(s.nodes[node])
	for i := range list {
		if list[i].Name == name {
			list[i].Made = false
		}
	}
	if s.nodes != nil {
		s.nodes[node] = list
	}
}

// of is what was noted of a node.
func (s *segments) of(node string) []plan.Segment {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.nodes[node])
}

// all is what was noted of every node.
func (s *segments) all() map[string][]plan.Segment {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[string][]plan.Segment{}
	for node, list := range s.nodes {
		out[node] = slices.Clone(list)
	}
	return out
}

// declares tells whether a network of that name was planned for a node, to be there
// afterwards.
func (s *segments) declares(node, name string) bool {
	return slices.ContainsFunc(s.of(node), func(one plan.Segment) bool { return name != "" && one.Name == name && !one.Leaves })
}
