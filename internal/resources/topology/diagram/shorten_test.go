package diagram

import (
	"fmt"
	"strings"
	"testing"
)

// fleet is a homelab of a size, in which every service of a stack needs the one
// before and joins the node's proxy network.
func fleet(nodes, stacks, services int) Homelab {
	var h Homelab
	for n := range nodes {
		node := Node{Name: fmt.Sprintf("node-%03d", n), Networks: []Network{{Name: "proxy", Driver: "bridge"}}}
		for s := range stacks {
			stack := Stack{Name: fmt.Sprintf("stack-%02d", s)}
			for i := range services {
				one := Service{
					Name: fmt.Sprintf("service-%02d", i), Replicas: 1, Networks: []string{"proxy", stack.Name + "_default"}, Criticality: fmt.Sprint("level ", i%3),
					Hosts: []string{fmt.Sprintf("service-%02d.stack-%02d.home.arpa", i, s)}, Ports: []Port{{Published: fmt.Sprint(8000 + s*100 + i), Target: "80", Protocol: "tcp"}},
				}
				if i%2 == 1 {
					one.Networks = one.Networks[1:]
				}
				if i > 0 {
					one.Needs = []Need{{DependsOn, stack.Name, fmt.Sprintf("service-%02d", i-1)}}
				}
				stack.Services = append(stack.Services, one)
			}
			node.Stacks = append(node.Stacks, stack)
		}
		h.Nodes = append(h.Nodes, node)
	}
	return h
}

func TestDraw_TooMuchForGitHub_IsShortenedAndSaysSo(t *testing.T) {
	for _, c := range []struct {
		nodes, stacks, services int
		omitted                 string // empty: nothing
	}{
		{3, 10, 5, ""},
		{1, 1, 150, ""},
		{5, 12, 6, ""},
		{4, 12, 8, losses[plainNetworks][0]},
		{6, 20, 5, losses[plainServices][1]},
		{10, 30, 5, losses[plainStacks][0]},
		{100, 10, 2, losses[plainNodes][0]},
		{2000, 1, 1, "of the 2000 nodes are not shown"},
	} {
		t.Run(fmt.Sprintf("%d nodes, %d stacks, %d services", c.nodes, c.stacks, c.services), func(t *testing.T) {
			h := fleet(c.nodes, c.stacks, c.services)
			for _, by := range []GroupBy{ByNode, ByStack, ByCriticality} {
				d := Draw(h, Options{GroupBy: by, Show: all})
				if n := characters(d.Mermaid); n > MaxCharacters {
					t.Errorf("by %s: %d characters", by, n)
				}
				if n := edgesIn(d.Mermaid); n > MaxEdges {
					t.Errorf("by %s: %d edges", by, n)
				}
				for _, omitted := range d.Omitted {
					if !strings.Contains(d.Mermaid, omitted) || !strings.Contains(Markdown(d), "> Shortened to fit: "+omitted) {
						t.Errorf("by %s: the diagram does not say %q", by, omitted)
					}
				}
			}
			said := strings.Join(Draw(h, Options{Show: all}).Omitted, "; ")
			if (c.omitted == "") != (said == "") || !strings.Contains(said, c.omitted) {
				t.Errorf("left out: %q, want %q", said, c.omitted)
			}
		})
	}
}

func edgesIn(text string) int {
	count := 0
	for _, line := range strings.Split(text, "\n") {
		for _, arrow := range []string{" -->", " ==>", " -.- ", " -..- ", " --- "} {
			if strings.Contains(line, arrow) && !strings.Contains(line, `["`) {
				count++
			}
		}
	}
	return count
}

func TestDraw_ExactlyTheLimitOfEdges_IsDrawnCompletely(t *testing.T) {
	h := fleet(1, 1, MaxEdges+1)
	for i := range h.Nodes[0].Stacks[0].Services {
		s := &h.Nodes[0].Stacks[0].Services[i]
		s.Name, s.Networks, s.Hosts, s.Ports = fmt.Sprint(i), nil, nil, nil
		for j := range s.Needs {
			s.Needs[j].Service = fmt.Sprint(i - 1)
		}
	}
	h.Nodes[0].Name, h.Nodes[0].Stacks[0].Name = "n", "s"
	for i := range h.Nodes[0].Stacks[0].Services {
		for j := range h.Nodes[0].Stacks[0].Services[i].Needs {
			h.Nodes[0].Stacks[0].Services[i].Needs[j].Stack = "s"
		}
	}
	if d := Draw(h, Options{Show: all}); edgesIn(d.Mermaid) != MaxEdges || len(d.Omitted) > 0 {
		t.Errorf("%d edges, left out %q", edgesIn(d.Mermaid), d.Omitted)
	}
	h.Nodes[0].Stacks[0].Services[0].Needs = []Need{{DependsOn, "s", "2"}}
	if d := Draw(h, Options{Show: all}); len(d.Omitted) == 0 {
		t.Error("nothing left out of one edge more")
	}
}
