package moduletest

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/docker/docker/client"
	tfjson "github.com/hashicorp/terraform-json"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/catalog"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/labtest"
)

func TestMain(m *testing.M) { labtest.Main(m) }

// portsEach is how many ports of the node each homelab has for itself.
const portsEach = 100

// firstPort is the first port of the next homelab.
var firstPort atomic.Int32

func init() { firstPort.Store(20000) }

// Homelabs are two homelabs in one Terraform configuration that use a module on one
// node: "a" through the engine's socket, "b" by ssh.
type Homelabs struct {
	*acctest.CLI
	// Engine is the node's.
	Engine *client.Client
	// Node is the lab's node.
	Node *lab.Node
	// A and B are the homelabs.
	A, B Homelab

	module string
	images map[string]map[string]string // by homelab and service
}

// Homelab is one homelab that uses the module.
type Homelab struct {
	// Name is given to the configuration as `homelab`, the node's name in the
	// provider as `node`, and Port, the first of a hundred ports of the node that
	// are this homelab's own, as `port`.
	Name, Node string
	Port       int

	label string // of the module in the configuration
}

// newHomelabs writes a configuration with two of what lies in tests/DIR of the
// module, with further inputs.
func newHomelabs(t *testing.T, module catalog.Module, dir string, inputs map[string]any) *Homelabs {
	t.Helper()
	h := &Homelabs{CLI: acctest.NewCLI(t), Node: labtest.Node(t), module: module.Name, images: map[string]map[string]string{}}
	h.Engine = labtest.Engine(t)
	h.Env = append(h.Env, "SSH_AUTH_SOCK=", "PATH="+h.Node.Lab().Bin+":"+os.Getenv("PATH"))
	h.A = Homelab{Name: module.Name + "-a", Node: "local", Port: int(firstPort.Add(portsEach)), label: "a"}
	h.B = Homelab{Name: module.Name + "-b", Node: "remote", Port: int(firstPort.Add(portsEach)), label: "b"}
	if err := os.Symlink(filepath.Dir(module.Dir), filepath.Join(h.Dir, "modules")); err != nil {
		t.Fatal(err)
	}
	var config strings.Builder
	fmt.Fprintf(&config, "provider \"homelab\" {\n  nodes = {\n    local  = { host = %q }\n    remote = { host = %q }\n  }\n}\n", h.Node.Host, h.Node.SSHHost)
	config.WriteString("variable \"images\" {\n  type    = map(map(string))\n  default = {}\n}\n")
	for _, one := range []Homelab{h.A, h.B} {
		var more strings.Builder
		for name, value := range inputs {
			text, err := json.Marshal(value)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&more, "  %s = jsondecode(%q)\n", name, text)
		}
		fmt.Fprintf(&config, "module %q {\n  source  = \"./modules/%s/tests/%s\"\n  node    = %q\n  homelab = %q\n  port    = %d\n  images  = lookup(var.images, %q, {})\n%s}\noutput %q {\n  value     = module.%s\n  sensitive = true\n}\n",
			one.label, module.Name, dir, one.Node, one.Name, one.Port, one.label, &more, one.label, one.label)
	}
	h.Write(t, "main.tf", config.String())
	h.Must(t, []string{"get", "-no-color"})
	return h
}

// SetImage has a homelab run another image for a service from the next plan on.
func (h *Homelabs) SetImage(t *testing.T, homelab Homelab, service, ref string) {
	t.Helper()
	if h.images[homelab.label] == nil {
		h.images[homelab.label] = map[string]string{}
	}
	h.images[homelab.label][service] = ref
	text, err := json.Marshal(map[string]any{"images": h.images})
	if err != nil {
		t.Fatal(err)
	}
	h.Write(t, "images.auto.tfvars.json", string(text))
}

// Output is an output of the module's configuration in a homelab, decoded into a
// pointer.
func (h *Homelabs) Output(t *testing.T, homelab Homelab, name string, into any) {
	t.Helper()
	r := h.Must(t, []string{"output", "-no-color", "-json", homelab.label})
	var all map[string]json.RawMessage
	err := json.Unmarshal([]byte(r.Stdout), &all)
	if err == nil {
		err = json.Unmarshal(all[name], into)
	}
	if err != nil {
		t.Fatalf("output %s of homelab %s: %v", name, homelab.Name, err)
	}
}

// stack is a homelab_stack in the state.
type stack struct {
	address, name string
	services      map[string]acctest.Service
}

// stacks are those in the state.
func (h *Homelabs) stacks(t *testing.T) []stack {
	t.Helper()
	r := h.Must(t, []string{"show", "-no-color", "-json"})
	var state tfjson.State
	if err := state.UnmarshalJSON([]byte(r.Stdout)); err != nil {
		t.Fatal(err)
	}
	var found []stack
	var visit func(module *tfjson.StateModule)
	visit = func(module *tfjson.StateModule) {
		for _, resource := range module.Resources {
			if resource.Type != "homelab_stack" {
				continue
			}
			services, err := acctest.Services(resource.AttributeValues)
			if err != nil {
				t.Fatal(err)
			}
			found = append(found, stack{resource.Address, fmt.Sprint(resource.AttributeValues["name"]), services})
		}
		for _, child := range module.ChildModules {
			visit(child)
		}
	}
	if state.Values != nil && state.Values.RootModule != nil {
		visit(state.Values.RootModule)
	}
	return found
}
