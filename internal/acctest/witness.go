package acctest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/vmihailenco/msgpack/v5"

	"github.com/homelab-iac/terraform-provider-homelab/internal/engine/fleet"
)

// witness is a provider that is watched while it applies stacks: what an error says of
// the node is held against the engine's own answer. An error that is not true becomes
// another one, which no test expects. It looks at engines on a Unix socket.
type witness struct {
	tfprotov6.ProviderServer

	mu    sync.Mutex // guards hosts
	hosts map[string]string
}

// ConfigureProvider notes where the nodes are.
func (w *witness) ConfigureProvider(ctx context.Context, req *tfprotov6.ConfigureProviderRequest) (*tfprotov6.ConfigureProviderResponse, error) {
	var config struct {
		Nodes map[string]struct {
			Host string `msgpack:"host"`
		} `msgpack:"nodes"`
	}
	if req.Config != nil && msgpack.Unmarshal(req.Config.MsgPack, &config) == nil {
		w.mu.Lock()
		w.hosts = map[string]string{}
		for name, node := range config.Nodes {
			w.hosts[name] = node.Host
		}
		w.mu.Unlock()
	}
	return w.ProviderServer.ConfigureProvider(ctx, req)
}

// ApplyResourceChange applies, and checks the error of a stack.
func (w *witness) ApplyResourceChange(ctx context.Context, req *tfprotov6.ApplyResourceChangeRequest) (*tfprotov6.ApplyResourceChangeResponse, error) {
	host, stack := w.subject(req)
	if !strings.HasPrefix(host, "unix://") || stack == "" {
		return w.ProviderServer.ApplyResourceChange(ctx, req)
	}
	nodes, err := fleet.New(map[string]fleet.NodeConfig{"witness": {Host: host}})
	if err != nil {
		return nil, err
	}
	defer nodes.Close()
	engine, err := nodes.Node(ctx, "witness")
	if err != nil { // which the test may want
		return w.ProviderServer.ApplyResourceChange(ctx, req)
	}
	before, lost := LookAt(ctx, engine, stack)
	resp, err := w.ProviderServer.ApplyResourceChange(ctx, req)
	if lost != nil || err != nil {
		return resp, err
	}
	for i, d := range resp.Diagnostics {
		if d.Severity != tfprotov6.DiagnosticSeverityError {
			continue
		}
		if untrue := check(context.WithoutCancel(ctx), engine, stack, before, d.Detail); untrue != nil {
			resp.Diagnostics[i] = &tfprotov6.Diagnostic{Severity: d.Severity, Summary: "An error does not say what is on the node",
				Detail: fmt.Sprintf("%s. The error was: %s: %s", untrue, d.Summary, d.Detail)}
		}
	}
	return resp, nil
}

// checkLimit is how long an engine is given to come to rest, such as after its node
// was turned off and on.
const checkLimit = 20 * time.Second

func check(ctx context.Context, engine Engine, stack string, before Containers, text string) error {
	ctx, cancel := context.WithTimeout(ctx, checkLimit)
	defer cancel()
	for tick := time.Tick(200 * time.Millisecond); ; {
		after, err := LookAt(ctx, engine, stack)
		if err == nil {
			err = before.Check(after, text)
		}
		if err == nil {
			return nil
		}
		select {
		case <-tick:
		case <-ctx.Done():
			return err
		}
	}
}

// subject is the stack that a request is about, and its node's host; empty for
// anything else.
func (w *witness) subject(req *tfprotov6.ApplyResourceChangeRequest) (host, name string) {
	if req.TypeName != "homelab_stack" {
		return "", ""
	}
	var stack struct {
		Name string `msgpack:"name"`
		Node string `msgpack:"node"`
	}
	for _, state := range []*tfprotov6.DynamicValue{req.PriorState, req.PlannedState} {
		if state != nil {
			_ = msgpack.Unmarshal(state.MsgPack, &stack) // the planned state may be none
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.hosts[stack.Node], stack.Name
}
