package registry

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/docker/cli/cli/config"
	"github.com/docker/cli/cli/config/configfile"
	"github.com/docker/cli/cli/config/credentials"
	"github.com/docker/cli/cli/config/types"
	"github.com/google/go-containerregistry/pkg/authn"

	"github.com/homelab-iac/terraform-provider-homelab/internal/localfile"
)

// fromDocker finds a registry's credentials as the Docker command line does: in
// DOCKER_AUTH_CONFIG, by the registry's own helper, by the one for all, and in the
// configuration file. There a repository may have credentials of its own, as
// Podman writes them.
func fromDocker(host, repository string, ask func(helper string) (found, error)) (found, error) {
	if text := os.Getenv(configfile.DockerEnvConfigKey); text != "" {
		// One that cannot be read is passed over, as Docker does.
		if file, err := config.LoadFromReader(strings.NewReader(text)); err == nil {
			if auth, ok := fromFile(file, host, repository); ok {
				return found{auth, "the environment variable " + configfile.DockerEnvConfigKey}, nil
			}
		}
	}
	file, path, err := dockerConfig()
	if err != nil {
		return found{}, &CredentialError{Registry: shownName(host), Source: "the Docker configuration file " + path, Err: err, advice: "fix that file"}
	}
	if file == nil {
		return found{source: nobody + " (there is no Docker configuration file)"}, nil
	}
	helper := file.CredentialsStore
	if own := file.CredentialHelpers[serverName(host)]; own != "" {
		helper = own
	} else if own := file.CredentialHelpers[shownName(host)]; own != "" {
		helper = own
	}
	if helper != "" {
		return ask(helper)
	}
	if auth, ok := fromFile(file, host, repository); ok {
		return found{auth, "the Docker configuration file " + path}, nil
	}
	return found{source: nobody + " (the Docker configuration file " + path + " has none)"}, nil
}

func fromFile(file *configfile.ConfigFile, host, repository string) (authn.AuthConfig, bool) {
	store := credentials.NewFileStore(file)
	for _, key := range []string{repository, serverName(host), shownName(host)} {
		auth, err := store.Get(key)
		auth.ServerAddress = ""
		if err != nil || auth == (types.AuthConfig{}) {
			continue
		}
		return authn.AuthConfig{Username: auth.Username, Password: auth.Password, Auth: auth.Auth,
			IdentityToken: auth.IdentityToken, RegistryToken: auth.RegistryToken}, true
	}
	return authn.AuthConfig{}, false
}

// dockerConfig reads the first configuration file that exists: Docker's, or one of
// Podman's. The file is nil where there is none.
func dockerConfig() (*configfile.ConfigFile, string, error) {
	for _, path := range configPaths() {
		text, err := localfile.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, path, err
		}
		file, err := config.LoadFromReader(bytes.NewReader(text))
		return file, path, err
	}
	return nil, "", nil
}

func configPaths() []string {
	var paths []string
	home, _ := os.UserHomeDir()
	add := func(dir string, rest ...string) {
		if dir != "" {
			paths = append(paths, filepath.Join(append([]string{dir}, rest...)...))
		}
	}
	if dir := os.Getenv(config.EnvOverrideConfigDir); dir != "" {
		add(dir, config.ConfigFileName)
	} else {
		add(home, ".docker", config.ConfigFileName)
	}
	add(os.Getenv("REGISTRY_AUTH_FILE"))
	add(os.Getenv("XDG_RUNTIME_DIR"), "containers", "auth.json")
	if dir := os.Getenv("XDG_CONFIG_HOME"); dir != "" {
		add(dir, "containers", "auth.json")
	} else {
		add(home, ".config", "containers", "auth.json")
	}
	return paths
}
