package compose

import (
	"io/fs"
	"os"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/localfile"
)

// maxBuildSecret is what BuildKit hands over at most
// (moby/buildkit, session/secrets/secretsprovider).
const maxBuildSecret = 500 << 10

// buildSecrets reads the secrets that a build may mount. Each is known in the
// Dockerfile by its target, or by its name.
func (l *load) buildSecrets(m *model, s types.ServiceConfig) []desired.BuildSecret {
	var out []desired.BuildSecret
	for _, ref := range s.Build.Secrets {
		secret := m.asWritten.Secrets[ref.Source] // compose-go makes sure that it is there
		id := ref.Target
		if id == "" {
			id = ref.Source
		}
		out = append(out, desired.BuildSecret{ID: id, Value: l.buildSecret(s, ref.Source, types.FileObjectConfig(secret))})
	}
	return out
}

// buildSecret is a secret's value; why one has none is reported where secrets
// are checked.
func (l *load) buildSecret(s types.ServiceConfig, name string, secret types.FileObjectConfig) []byte {
	value := []byte(nil)
	if secret.File == "" {
		text, _ := l.secretValue(secret)
		value = []byte(text)
	} else {
		local, _ := l.local(secret.File)
		var err error
		if value, err = localfile.ReadFile(local); err != nil {
			l.addServiceError(s.Name, "build.secrets", "build.secrets: %q cannot be read: %v", name, reason(err))
		}
	}
	if len(value) > maxBuildSecret {
		l.addServiceError(s.Name, "build.secrets", "build.secrets: %q has %d bytes, and a build takes secrets of %d at most", name, len(value), maxBuildSecret)
	}
	return value
}

// buildSSH lists the SSH agents and keys that a build may use.
func (l *load) buildSSH(s types.ServiceConfig) []desired.BuildSSH {
	var out []desired.BuildSSH
	paths := map[string]string{}
	for _, key := range s.Build.SSH {
		paths[key.ID] = key.Path
	}
	for _, id := range sortedKeys(paths) {
		path := paths[id]
		if path == "" {
			if os.Getenv("SSH_AUTH_SOCK") == "" {
				l.addServiceError(s.Name, "build.ssh", "build.ssh: %q is the SSH agent where Terraform runs, and none does (SSH_AUTH_SOCK is not set): start one, or name a key's file", id)
			}
			out = append(out, desired.BuildSSH{ID: id})
			continue
		}
		var local []string
		for _, part := range strings.Split(path, ",") {
			l.checkFile(s, "build.ssh", part, true, fs.ModeSocket)
			name, _ := l.local(part)
			local = append(local, name)
		}
		out = append(out, desired.BuildSSH{ID: id, Path: strings.Join(local, ",")})
	}
	return out
}
