package buildkit

import (
	"context"
	"fmt"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/session/auth"
	"github.com/moby/buildkit/session/secrets/secretsprovider"
	"github.com/moby/buildkit/session/sshforward/sshprovider"
	"google.golang.org/grpc"
)

// addSession offers what the engine asks back for besides files: secrets, SSH
// keys and credentials.
func (r *Request) addSession(o *client.SolveOpt) error {
	o.Session = append(o.Session, credentials{find: r.Credentials})
	if len(r.Build.Secrets) > 0 {
		values := make(map[string][]byte, len(r.Build.Secrets))
		for _, secret := range r.Build.Secrets {
			values[secret.ID] = secret.Value
		}
		o.Session = append(o.Session, secretsprovider.FromMap(values))
	}
	if len(r.Build.SSH) == 0 {
		return nil
	}
	agents := make([]sshprovider.AgentConfig, 0, len(r.Build.SSH))
	for _, ssh := range r.Build.SSH {
		agent := sshprovider.AgentConfig{ID: ssh.ID}
		if ssh.Path != "" {
			agent.Paths = []string{ssh.Path}
		}
		agents = append(agents, agent)
	}
	provider, err := sshprovider.NewSSHAgentProvider(agents)
	if err != nil {
		return fmt.Errorf("build.ssh: %w", err)
	}
	o.Session = append(o.Session, provider)
	return nil
}

// credentials answers the engine's question for a registry's user and password.
// It leaves the rest of the protocol, fetching tokens for the engine, to the
// engine: the registry has to be reachable from the node only. BuildKit's own
// provider would fetch them here, and keep a seed beside the user's Docker
// configuration.
type credentials struct {
	auth.UnimplementedAuthServer
	find func(ctx context.Context, host string) (user, password string, err error)
}

// Register adds the service to a session.
func (c credentials) Register(server *grpc.Server) { auth.RegisterAuthServer(server, c) }

// Credentials returns the user and password for a host, empty where none are known.
func (c credentials) Credentials(ctx context.Context, request *auth.CredentialsRequest) (*auth.CredentialsResponse, error) {
	if c.find == nil {
		return &auth.CredentialsResponse{}, nil
	}
	host := request.GetHost()
	if host == "registry-1.docker.io" {
		host = "docker.io"
	}
	user, password, err := c.find(ctx, host)
	if err != nil {
		return nil, fmt.Errorf("find credentials for %s: %w", host, err)
	}
	return &auth.CredentialsResponse{Username: user, Secret: password}, nil
}
