package sopsfile

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// Server is a provider server in front of another one: a caller that wants to change
// something there has to get past a gate. It is safe for concurrent use where the
// other one is.
type Server struct {
	tfprotov6.ProviderServer

	gate *Gate
}

// NewServer returns a server that changes nothing while the gate is shut.
func NewServer(server tfprotov6.ProviderServer, gate *Gate) *Server { return &Server{server, gate} }

// ApplyResourceChange applies a change of a resource, or leaves it as it is where
// the gate is shut.
func (s *Server) ApplyResourceChange(ctx context.Context, req *tfprotov6.ApplyResourceChangeRequest) (*tfprotov6.ApplyResourceChangeResponse, error) {
	if diags := s.gate.Pass(ctx); diags.HasError() {
		return &tfprotov6.ApplyResourceChangeResponse{NewState: req.PriorState, Private: req.PlannedPrivate, Diagnostics: protocol(diags)}, nil
	}
	return s.ProviderServer.ApplyResourceChange(ctx, req)
}

func protocol(diags diag.Diagnostics) []*tfprotov6.Diagnostic {
	var out []*tfprotov6.Diagnostic
	for _, d := range diags {
		out = append(out, &tfprotov6.Diagnostic{Severity: tfprotov6.DiagnosticSeverityError, Summary: d.Summary(), Detail: d.Detail()})
	}
	return out
}
