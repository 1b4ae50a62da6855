package compose

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/opencontainers/go-digest"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

// The hashes here are Docker Compose v5's own (pkg/compose/hash.go), for the
// labels by which its commands report whether something changed. Nothing of
// homelab's is decided by them, so a change of compose-go's structs is harmless.

// serviceHash hashes a service without what does not make a container differ,
// and with the containers it refers to instead of their services' names.
func (l *load) serviceHash(p *types.Project, name string) desired.ComposeHash {
	s := p.Services[name]
	var parents []string
	mark := func(service string) string {
		parents = append(parents, service)
		return desired.ContainerMark(service)
	}
	for _, mode := range []*string{&s.NetworkMode, &s.Ipc, &s.Pid} {
		if service, ok := strings.CutPrefix(*mode, types.ServicePrefix); ok {
			*mode = types.ContainerPrefix + mark(service)
		}
	}
	s.Volumes = slices.Clone(s.Volumes)
	for i := range s.Volumes {
		if s.Volumes[i].Type == types.VolumeTypeImage {
			s.Volumes[i].Source = imageSource(p, s.Volumes[i].Source)
		}
	}
	s.VolumesFrom = slices.Clone(s.VolumesFrom)
	for i, item := range s.VolumesFrom {
		container, service := volumesFrom(item)
		if service != "" {
			container = mark(service)
		}
		s.VolumesFrom[i] = container
	}
	return desired.NewComposeHash(l.serviceText(s), parents...)
}

// serviceText is what Docker Compose hashes of a service.
func (l *load) serviceText(s types.ServiceConfig) string {
	s.Build, s.PullPolicy, s.Scale, s.DependsOn, s.Profiles = nil, "", nil, nil, nil
	if s.Deploy != nil {
		deploy := *s.Deploy
		deploy.Replicas = nil
		s.Deploy = &deploy
	}
	text, err := json.Marshal(s)
	if err != nil {
		l.addServiceError(s.Name, "", "it cannot be hashed: %v", err)
	}
	return string(text)
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
		l.addError("compose", "the configuration cannot be hashed: %v", err)
		return ""
	}
	return digest.SHA256.FromBytes(text).Encoded()
}
