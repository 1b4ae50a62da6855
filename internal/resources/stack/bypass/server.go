package bypass

import (
	"context"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// Server is a provider server in front of another one. It is safe for concurrent
// use where that is.
type Server struct {
	tfprotov6.ProviderServer

	resources map[string]Resource
}

// Resource says which attributes of a resource bypass the framework. They have to
// be computed, without a default, a validator or a modifier: the framework sees
// only null. They are made of maps, objects, strings, numbers and booleans.
type Resource struct {
	// Version is the schema's.
	Version int64
	// Names are the attributes.
	Names []string
	// Types returns their types by name.
	Types func(context.Context) map[string]tftypes.Type
}

// New returns a server that takes attributes of resources, which are named by
// their type, past another server.
func New(server tfprotov6.ProviderServer, resources map[string]Resource) *Server {
	return &Server{ProviderServer: server, resources: resources}
}

// ReadResource reads a resource.
func (s *Server) ReadResource(ctx context.Context, req *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	names, values, inner := s.resources[req.TypeName].Names, &Values{}, *req
	if len(names) == 0 {
		return s.ProviderServer.ReadResource(ctx, req)
	}
	var err error
	if inner.CurrentState, values.Prior, err = take(req.CurrentState, names); err != nil {
		return nil, err
	}
	resp, err := s.ProviderServer.ReadResource(with(ctx, values), &inner)
	if err != nil || resp == nil {
		return resp, err
	}
	resp.NewState, err = put(resp.NewState, names, values.final)
	return resp, err
}

// PlanResourceChange plans a change of a resource.
func (s *Server) PlanResourceChange(ctx context.Context, req *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	names, values, inner := s.resources[req.TypeName].Names, &Values{}, *req
	if len(names) == 0 {
		return s.ProviderServer.PlanResourceChange(ctx, req)
	}
	var err error
	if inner.PriorState, values.Prior, err = take(req.PriorState, names); err != nil {
		return nil, err
	}
	if inner.ProposedNewState, values.Planned, err = take(req.ProposedNewState, names); err != nil {
		return nil, err
	}
	resp, err := s.ProviderServer.PlanResourceChange(with(ctx, values), &inner)
	if err != nil || resp == nil {
		return resp, err
	}
	resp.PlannedState, err = put(resp.PlannedState, names, values.final)
	return resp, err
}

// ApplyResourceChange applies a change of a resource.
func (s *Server) ApplyResourceChange(ctx context.Context, req *tfprotov6.ApplyResourceChangeRequest) (*tfprotov6.ApplyResourceChangeResponse, error) {
	names, values, inner := s.resources[req.TypeName].Names, &Values{}, *req
	if len(names) == 0 {
		return s.ProviderServer.ApplyResourceChange(ctx, req)
	}
	var err error
	if inner.PriorState, values.Prior, err = take(req.PriorState, names); err != nil {
		return nil, err
	}
	if inner.PlannedState, values.Planned, err = take(req.PlannedState, names); err != nil {
		return nil, err
	}
	resp, err := s.ProviderServer.ApplyResourceChange(with(ctx, values), &inner)
	if err != nil || resp == nil {
		return resp, err
	}
	resp.NewState, err = put(resp.NewState, names, values.final)
	return resp, err
}
