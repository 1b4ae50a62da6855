package diagram

// Counts are the sizes of a homelab.
type Counts struct {
	Nodes, AbsentNodes      int
	Stacks, Services        int
	Networks, VLANs         int
	Hosts, Ports            int
	Exposed                 int // services that others than their node can reach
	Dependencies, Unhealthy int
	Stopped                 int
}

// Count counts a homelab. Networks are those that are drawn: the engine's own
// are left out unless somebody joins them.
func Count(h Homelab) Counts {
	var c Counts
	h = h.sorted()
	c.Nodes = len(h.Nodes)
	for _, n := range h.Nodes {
		if n.Absence != "" {
			c.AbsentNodes++
		}
		for _, stack := range n.Stacks {
			if stack.Name != "" {
				c.Stacks++
			}
			for _, s := range stack.Services {
				c.add(s)
			}
		}
	}
	tags := map[int]bool{}
	for _, l := range h.lans().all {
		c.Networks++
		if tag := l.vlan(); tag != 0 {
			tags[tag] = true
		}
	}
	c.VLANs = len(tags)
	return c
}

func (c *Counts) add(s Service) {
	c.Services++
	c.Hosts += len(s.Hosts)
	c.Ports += len(s.Ports)
	if s.exposed() {
		c.Exposed++
	}
	targets := map[[2]string]bool{}
	for _, need := range s.Needs {
		targets[[2]string{need.Stack, need.Service}] = true
	}
	c.Dependencies += len(targets)
	switch {
	case s.Condition.Alarming():
		c.Unhealthy++
	case s.Condition != "":
		c.Stopped++
	}
}
