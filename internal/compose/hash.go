package compose

import (
	"encoding/json"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/opencontainers/go-digest"
)

// The hashes here are Docker Compose v5's own (pkg/compose/hash.go), for the
// labels by which its commands tell whether something changed. Nothing of
// homelab's is decided by them, so a change of compose-go's structs is harmless.

// serviceHash hashes a service without what does not make a container differ.
func (l *load) serviceHash(s types.ServiceConfig) string {
	s.Build, s.PullPolicy, s.Scale, s.DependsOn, s.Profiles = nil, "", nil, nil, nil
	if s.Deploy != nil {
		deploy := *s.Deploy
		deploy.Replicas = nil
		s.Deploy = &deploy
	}
	return l.jsonHash(s)
}

func (l *load) networkHash(n types.NetworkConfig) string { return l.jsonHash(&n) }

func (l *load) volumeHash(v types.VolumeConfig) string {
	if v.Driver == "" {
		v.Driver = "local"
	}
	return l.jsonHash(v)
}

func (l *load) jsonHash(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		l.add("compose", "the configuration cannot be hashed: %v", err)
		return ""
	}
	return digest.SHA256.FromBytes(text).Encoded()
}
