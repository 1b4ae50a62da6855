package topology

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/topology/diagram"
)

// specimen is a diagram for the real Mermaid, and what must be seen in it.
type specimen struct {
	Name string `json:"name"`
	Text string `json:"text"`
	// Picture asks for a picture to look at.
	Picture bool `json:"picture"`
	// lines must each be a line of a label, or begin one with a space after it.
	lines []string
}

// verdict is what check.mjs says of a specimen.
type verdict struct {
	Name, Mermaid, Error string
	Labels               []string
}

// TestMermaid_EveryDiagram_IsAcceptedAndShowsItsNames gives diagrams to the real
// Mermaid: to its parser (HOMELAB_MERMAID=parse), or to Mermaid in a browser
// (render), where each name has to be read in the picture as it was written. "make
// test-topology" installs both.
func TestMermaid_EveryDiagram_IsAcceptedAndShowsItsNames(t *testing.T) {
	mode := os.Getenv("HOMELAB_MERMAID")
	if mode == "" {
		t.Skip("the real Mermaid is asked by make test-topology")
	}
	specimens := map[string]specimen{}
	var list []specimen
	for _, s := range allSpecimens(t, mode) {
		specimens[s.Name] = s
		list = append(list, s)
	}
	verdicts := ask(t, mode, list)
	if len(verdicts) < len(list) {
		t.Fatalf("%d answers to %d diagrams", len(verdicts), len(list))
	}
	for _, v := range verdicts {
		s := specimens[v.Name]
		if v.Error != "" {
			t.Errorf("%s: Mermaid %s: %s\n%.3000s", v.Name, v.Mermaid, v.Error, s.Text)
			continue
		}
		if mode == "render" {
			requireLines(t, s, v)
		}
	}
}

func ask(t *testing.T, mode string, list []specimen) []verdict {
	t.Helper()
	request, err := json.Marshal(map[string]any{
		"modules": os.Getenv("HOMELAB_MERMAID_MODULES"), "chromium": os.Getenv("HOMELAB_CHROMIUM"),
		"pictures": os.Getenv("HOMELAB_MERMAID_PICTURES"), "diagrams": list,
	})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "node", filepath.Join("..", "..", "tools", "mermaid", "check.mjs"), mode)
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(request), &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("node: %v\n%s", err, &stderr)
	}
	var verdicts []verdict
	if err := json.Unmarshal(stdout.Bytes(), &verdicts); err != nil {
		t.Fatalf("%v\n%.2000s", err, &stdout)
	}
	return verdicts
}

// asWritten takes back what a label needs to be shown as it is: joints that nobody
// sees, and signs that look alike.
var asWritten = strings.NewReplacer("\u00a0", " ", "\u200b", "", "∗", "*", "∼", "~", "ˋ", "`")

func requireLines(t *testing.T, s specimen, v verdict) {
	t.Helper()
	var seen []string
	for _, label := range v.Labels {
		for _, line := range strings.Split(label, "\n") {
			seen = append(seen, strings.TrimSpace(asWritten.Replace(line))+" ")
		}
	}
	for _, want := range s.lines {
		found := false
		for _, line := range seen {
			found = found || strings.HasPrefix(line, want+" ")
		}
		if !found {
			t.Errorf("%s: Mermaid %s shows no %q", s.Name, v.Mermaid, want)
		}
	}
}

func allSpecimens(t *testing.T, mode string) []specimen {
	t.Helper()
	var list []specimen
	groupings := []diagram.GroupBy{diagram.ByNode, diagram.ByStack, diagram.ByCriticality}
	for _, name := range references {
		h := homelab(t, name)
		for _, by := range groupings {
			s := newSpecimen(name+"-by-"+string(by), h, by)
			s.Picture = true
			list = append(list, s)
		}
	}
	random := rand.New(rand.NewPCG(4, 29))
	for i := range 24 {
		list = append(list, newSpecimen(fmt.Sprintf("random-%02d", i), randomHomelab(random), groupings[i%3]))
	}
	list = append(list, newSpecimen("awkward", awkwardHomelab(), diagram.ByNode), newSpecimen("awkward-by-criticality", awkwardHomelab(), diagram.ByCriticality))
	for _, size := range [][3]int{{5, 12, 6}, {4, 12, 8}, {6, 20, 5}, {10, 30, 10}, {100, 10, 1}, {2000, 1, 1}} {
		if mode == "render" && size[0]*size[1]*size[2] > 500 {
			continue // a browser takes minutes for hundreds of boxes
		}
		s := newSpecimen(fmt.Sprintf("fleet-%d-%d-%d", size[0], size[1], size[2]), fleetOf(size[0], size[1], size[2]), diagram.ByNode)
		s.lines = []string{"node-0000"}
		list = append(list, s)
	}
	return list
}

// newSpecimen draws a homelab. All its services, stacks, hosts and nodes must be
// seen, as far as the grouping shows them.
func newSpecimen(name string, h diagram.Homelab, by diagram.GroupBy) specimen {
	d := diagram.Draw(h, diagram.Options{GroupBy: by, Show: defaultShow})
	s := specimen{Name: name, Text: d.Mermaid}
	add := func(line string) {
		if runes := []rune(line); len(runes) <= 40 { // longer ones are shortened
			s.lines = append(s.lines, strings.Join(strings.Fields(line), " "))
		}
	}
	for _, n := range h.Nodes {
		if by == diagram.ByNode {
			add(n.Name)
		}
		for _, stack := range n.Stacks {
			if by != diagram.ByCriticality && stack.Name != "" {
				add(stack.Name)
			}
			for _, service := range stack.Services {
				add(service.Name)
				if by == diagram.ByCriticality && service.Criticality != "" {
					add(service.Criticality)
				}
				if len(service.Hosts) < 5 {
					for _, host := range service.Hosts {
						add(host)
					}
				}
			}
		}
	}
	return s
}

// awkward are names that mean something to Mermaid, Markdown or HTML.
var awkward = []string{
	"end", "graph", "subgraph", "flowchart", "default", "style", "class", "click", "direction", "o", "x", "1", "-", "--", "---", "-->", "o--o",
	`a"b`, "a[b]", "(x)", "{y}", "{{z}}", "[[v]]", "#35;", "#", "#quot;", "&amp;", "<b>bold</b>", "<br/>", "</script>", "%%{init: {}}%%", "%% comment",
	"`code`", `a\nb`, "a;b", "a|b", "a:::b", "@{shape: x}", "x@{y}", "a/b", "$$x$$", "1. first", "- dash", "* star", "+ plus", "> quote", "# heading", "_emph_", "__strong__",
	"**bold**", "~~gone~~", "[text](https://example.test)", "www.example.test", "https://example.test/?a=b&c", "me@example.test", "fa:fa-home", "naïve-ñ", "日本語", "🦊",
	"é", "a'b", "a,b", "a=b", "a!b", "a^b", strings.Repeat("long", 60), "---\ntitle: x\n---",
}

func awkwardHomelab() diagram.Homelab {
	node := diagram.Node{Name: `no"de #1 [end]`}
	for i, name := range awkward {
		at := len(node.Stacks) - 1
		if i%8 == 0 {
			node.Stacks, at = append(node.Stacks, diagram.Stack{Name: name}), at+1
		}
		node.Networks = append(node.Networks, diagram.Network{Name: "net " + name, Driver: name})
		node.Stacks[at].Services = append(node.Stacks[at].Services, diagram.Service{
			Name: name, Replicas: 1, Criticality: name, Hosts: []string{"at " + name}, Networks: []string{"net " + name, "net " + awkward[(i*7+3)%len(awkward)]},
			Needs: []diagram.Need{{Kind: diagram.DependsOn, Stack: node.Stacks[at].Name, Service: awkward[i/8*8]}},
		})
	}
	return diagram.Homelab{Nodes: []diagram.Node{node, {Name: "end", Absence: "offline"}}}
}

// randomHomelab has every kind of tie between services, stacks and networks.
func randomHomelab(random *rand.Rand) diagram.Homelab {
	var h diagram.Homelab
	kinds := []diagram.NeedKind{diagram.DependsOn, diagram.DependsOn, diagram.Namespace, diagram.Volumes, diagram.Link, diagram.PID}
	for n := range 1 + random.IntN(3) {
		node := diagram.Node{Name: fmt.Sprint("node", n)}
		var names []string
		for i := range random.IntN(6) {
			names = append(names, fmt.Sprint("net", i))
			one := diagram.Network{Name: names[i], Driver: "bridge", Spans: random.IntN(6) == 0}
			if random.IntN(3) == 0 {
				one.Driver, one.Parent = "macvlan", fmt.Sprint("eth0.", 10+random.IntN(3))
			}
			node.Networks = append(node.Networks, one)
		}
		for s := range random.IntN(5) {
			stack := diagram.Stack{Name: fmt.Sprint("stack", s)}
			if s == 4 {
				stack.Name = ""
			}
			count := 1 + random.IntN(5)
			for i := range count {
				service := diagram.Service{Name: fmt.Sprint("service", i), Replicas: 1 + random.IntN(2), Criticality: []string{"", "high", "low"}[random.IntN(3)]}
				for _, name := range names {
					if random.IntN(2) == 0 {
						service.Networks = append(service.Networks, name)
					}
				}
				for range random.IntN(4) {
					service.Needs = append(service.Needs, diagram.Need{
						Kind: kinds[random.IntN(len(kinds))], Stack: fmt.Sprint("stack", random.IntN(s+1)), Service: fmt.Sprint("service", random.IntN(count+1))})
				}
				stack.Services = append(stack.Services, service)
			}
			node.Stacks = append(node.Stacks, stack)
		}
		h.Nodes = append(h.Nodes, node)
	}
	return h
}

// fleetOf is a homelab of a size that has to be shortened.
func fleetOf(nodes, stacks, services int) diagram.Homelab {
	var h diagram.Homelab
	for n := range nodes {
		node := diagram.Node{Name: fmt.Sprintf("node-%04d", n), Networks: []diagram.Network{{Name: "proxy"}}}
		for s := range stacks {
			stack := diagram.Stack{Name: fmt.Sprint("stack-", s)}
			for i := range services {
				one := diagram.Service{Name: fmt.Sprint("service-", i), Replicas: 1, Hosts: []string{fmt.Sprintf("service-%d.stack-%d.home.arpa", i, s)}}
				if i%2 == 0 {
					one.Networks = []string{"proxy", "inner"}
				}
				if i > 0 {
					one.Needs = []diagram.Need{{Kind: diagram.DependsOn, Stack: stack.Name, Service: fmt.Sprint("service-", i-1)}}
				}
				stack.Services = append(stack.Services, one)
			}
			node.Stacks = append(node.Stacks, stack)
		}
		h.Nodes = append(h.Nodes, node)
	}
	return h
}
