package provider

import (
	"context"
	"encoding/json"
	"sync/atomic"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/homelab-iac/terraform-provider-homelab/internal/converge"
)

// states tells the door to the core what the configuration's state has. Terraform
// has every resource of the state upgraded before it reads, plans or destroys it,
// also one that it plans as if there were no state, because it is tainted. The zero
// value is ready; it is safe for concurrent use.
type states struct{ door atomic.Pointer[converge.Door] }

// kinds are what resources have of a node for themselves.
var kinds = map[string]string{
	"homelab_stack": converge.KindStack, "homelab_network": converge.KindNetwork,
	"homelab_subnet": converge.KindNetwork, "homelab_secret": converge.KindSecret,
}

// serve returns a server that tells of the states which another one is sent.
func (s *states) serve(server tfprotov6.ProviderServer) tfprotov6.ProviderServer {
	return &statesServer{server, s}
}

type statesServer struct {
	tfprotov6.ProviderServer

	states *states
}

// UpgradeResourceState upgrades a resource of the state.
func (s *statesServer) UpgradeResourceState(ctx context.Context, req *tfprotov6.UpgradeResourceStateRequest) (*tfprotov6.UpgradeResourceStateResponse, error) {
	if req.RawState != nil {
		s.states.tell(req.TypeName, req.RawState.JSON)
	}
	return s.ProviderServer.UpgradeResourceState(ctx, req)
}

// tell tells of one resource. What can't be read is left to the upgrade itself.
func (s *states) tell(resource string, state []byte) {
	var is struct {
		Node, Name string
		Networks   map[string]json.RawMessage
	}
	door, kind := s.door.Load(), kinds[resource]
	if door == nil || kind == "" || json.Unmarshal(state, &is) != nil {
		return
	}
	if resource != "homelab_subnet" {
		door.Hold(kind, is.Node, is.Name)
		return
	}
	for node := range is.Networks {
		door.Hold(kind, node, is.Name)
	}
}
