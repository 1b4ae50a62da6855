package bypass

import (
	"context"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// Server is a provider server in front of another one. It is safe for concurrent
// use where that is.
type Server struct {
	tfprotov6.ProviderServer

	attributes map[string][]string
}

// New returns a server that takes attributes of resources, named by the
// resource's type, past another server. They have to be computed, without a
// default, a validator or a modifier: the other server would see only null.
func New(server tfprotov6.ProviderServer, attributes map[string][]string) *Server {
	return &Server{ProviderServer: server, attributes: attributes}
}

// ReadResource reads a resource.
func (s *Server) ReadResource(ctx context.Context, req *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	names, values, inner := s.attributes[req.TypeName], &Values{}, *req
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
	names, values, inner := s.attributes[req.TypeName], &Values{}, *req
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
	names, values, inner := s.attributes[req.TypeName], &Values{}, *req
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
