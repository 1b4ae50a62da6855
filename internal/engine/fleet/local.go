package fleet

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/docker/docker/client"

	"github.com/homelab-iac/terraform-provider-homelab/internal/localfile"
)

const (
	defaultContext = "default"
	contextDocs    = "Run \"docker context ls\" to see what there is, or set nodes in the provider block."
)

// localNode finds the engine that the Docker CLI would use, in its order:
// DOCKER_HOST, DOCKER_CONTEXT, the configuration file's currentContext, the
// default socket (https://docs.docker.com/engine/manage-resources/contexts/).
func localNode() (NodeConfig, error) {
	dir := configDir()
	if os.Getenv(client.EnvOverrideHost) != "" {
		return environmentNode(dir), nil
	}
	name, err := currentContext(dir)
	if err != nil {
		return NodeConfig{}, localError("the Docker configuration", err)
	}
	if name == "" {
		name = defaultContext
	}
	c, bad := contextNode(dir, name)
	if bad != nil {
		bad.Node = LocalNode
		return NodeConfig{}, bad
	}
	return c, nil
}

// environmentNode is what the Docker CLI calls the context "default": DOCKER_HOST,
// or else the default socket.
func environmentNode(dir string) NodeConfig {
	if host := os.Getenv(client.EnvOverrideHost); host != "" {
		return NodeConfig{Host: host, TLS: environmentTLS(host, dir), origin: "DOCKER_HOST"}
	}
	return NodeConfig{Host: client.DefaultDockerHost, origin: "Docker's default"}
}

// configDir returns "" when there is no home: then there is no configuration
// file either, and the default socket still works.
func configDir() string {
	if dir := os.Getenv("DOCKER_CONFIG"); dir != "" {
		return dir
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return filepath.Join(home, ".docker")
}

// environmentTLS reads DOCKER_TLS_VERIFY and DOCKER_CERT_PATH. Unlike the Docker
// CLI it never turns verification off: a certificate path alone verifies too.
func environmentTLS(host, dir string) *TLS {
	if e, err := parseHost(host); err != nil || e.scheme != schemeTCP {
		return nil
	}
	certs := os.Getenv(client.EnvOverrideCertPath)
	if certs == "" && os.Getenv(client.EnvTLSVerify) == "" {
		return nil
	}
	if certs == "" {
		certs = dir
	}
	return tlsFolder(certs)
}

// tlsFolder names the files that exist in a folder laid out as Docker does.
func tlsFolder(dir string) *TLS {
	present := func(name string) string {
		file := filepath.Join(dir, name)
		if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
			return ""
		}
		return file
	}
	return &TLS{CAFile: present("ca.pem"), CertFile: present("cert.pem"), KeyFile: present("key.pem")}
}

func currentContext(dir string) (string, error) {
	if name := os.Getenv("DOCKER_CONTEXT"); name != "" {
		return name, nil
	}
	if dir == "" {
		return "", nil
	}
	var config struct {
		CurrentContext string `json:"currentContext"`
	}
	err := readJSON(filepath.Join(dir, "config.json"), &config)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	return config.CurrentContext, err
}

// readJSON never quotes the file: config.json may hold credentials.
func readJSON(file string, into any) error {
	text, err := localfile.ReadFile(file)
	if err != nil {
		return err
	}
	if json.Unmarshal(text, into) != nil {
		return fmt.Errorf("%s is not valid JSON", file)
	}
	return nil
}

func localError(subject string, err error) *Error {
	e := contextError(subject, err)
	e.Node = LocalNode
	return e
}
