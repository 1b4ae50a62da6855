package compose

import (
	"path"
	"slices"

	"github.com/compose-spec/compose-go/v2/types"
)

const (
	dockerSocket = "/var/run/docker.sock"
	// dockerConfig is where Docker Compose puts the configuration of a client.
	dockerConfig = "/run/secrets/docker"
	// socketConfig is the name of the config that Docker Compose adds; the other
	// is what it is delivered as, for volumes have no such names.
	socketConfig, deliveredConfig = "#apisocket", "docker-client-config"
)

// emptyDockerConfig is what Docker Compose delivers where nobody has logged in.
const emptyDockerConfig = "{\n\t\"auths\": {}\n}"

// useAPISocket gives the services that ask for it the engine's socket and the
// configuration of a client, as Docker Compose does, but without the credentials
// of the person who runs it: those would go to the node and into the service unseen.
func (l *load) useAPISocket(m *model) {
	for _, name := range sortedKeys(m.resolved.Services) {
		service := m.resolved.Services[name]
		if !service.UseAPISocket {
			continue
		}
		l.warn("service " + quote(name) + ": use_api_socket gives it the engine, but no registry credentials: add a Docker config.json under secrets with the target " + dockerConfig + "/config.json if it needs them")
		m.resolved.Services[name] = withSocket(service, socketConfig)
		m.asWritten.Services[name] = withSocket(m.asWritten.Services[name], deliveredConfig)
		if m.asWritten.Configs == nil {
			m.asWritten.Configs = types.Configs{}
		}
		m.asWritten.Configs[deliveredConfig] = types.ConfigObjConfig{Content: emptyDockerConfig}
	}
}

func withSocket(s types.ServiceConfig, config string) types.ServiceConfig {
	isDelivery := config == deliveredConfig
	if !isDelivery || !slices.ContainsFunc(s.Volumes, func(v types.ServiceVolumeConfig) bool { return path.Clean(v.Target) == dockerSocket }) {
		s.Volumes = append(slices.Clone(s.Volumes), types.ServiceVolumeConfig{Type: types.VolumeTypeBind, Source: dockerSocket, Target: dockerSocket})
	}
	if _, ok := s.Environment["DOCKER_CONFIG"]; !ok {
		directory := dockerConfig
		s.Environment = types.MappingWithEquals{"DOCKER_CONFIG": &directory}.OverrideBy(s.Environment)
	}
	target := dockerConfig + "/config.json"
	if !isDelivery || !slices.ContainsFunc(s.Secrets, func(secret types.ServiceSecretConfig) bool {
		return secretTarget(types.FileReferenceConfig(secret)) == target
	}) {
		s.Configs = append(slices.Clone(s.Configs), types.ServiceConfigObjConfig{Source: config, Target: target})
	}
	return s
}
