package fleet

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/docker/docker/client"
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
	if host := os.Getenv(client.EnvOverrideHost); host != "" {
		return NodeConfig{Host: host, TLS: environmentTLS(host, dir), origin: "DOCKER_HOST"}, nil
	}
	name, err := currentContext(dir)
	if err != nil {
		return NodeConfig{}, localError("the Docker configuration", err)
	}
	if name == "" || name == defaultContext {
		return NodeConfig{Host: client.DefaultDockerHost, origin: "Docker's default"}, nil
	}
	return contextNode(dir, name)
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
	if e, err := parseHost(host); err != nil || e.scheme != "tcp" {
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

// contextNode reads a context as the Docker CLI stores it: meta.json and tls
// files in folders named by the SHA-256 of the context's name.
func contextNode(dir, name string) (NodeConfig, error) {
	subject := fmt.Sprintf("the Docker context %q", name)
	sum := sha256.Sum256([]byte(name))
	id := hex.EncodeToString(sum[:])
	var meta struct {
		Endpoints map[string]struct {
			Host          string
			SkipTLSVerify bool
		}
	}
	err := readJSON(filepath.Join(dir, "contexts", "meta", id, "meta.json"), &meta)
	if errors.Is(err, fs.ErrNotExist) {
		err = errors.New("it does not exist")
	}
	if err != nil {
		return NodeConfig{}, localError(subject, err)
	}
	engine, ok := meta.Endpoints["docker"]
	switch {
	case !ok:
		return NodeConfig{}, localError(subject, errors.New("it has no Docker endpoint"))
	case engine.SkipTLSVerify:
		return NodeConfig{}, localError(subject, errors.New("it skips the verification of certificates, which the provider never does"))
	case engine.Host == "":
		engine.Host = client.DefaultDockerHost
	}
	return NodeConfig{Host: engine.Host, TLS: contextTLS(dir, id, engine.Host), origin: subject}, nil
}

// contextTLS returns nil for a context without certificates.
func contextTLS(dir, id, host string) *TLS {
	folder := filepath.Join(dir, "contexts", "tls", id, "docker")
	if e, err := parseHost(host); err != nil || e.scheme != "tcp" {
		return nil
	}
	if t := tlsFolder(folder); *t != (TLS{}) {
		return t
	}
	return nil
}

// readJSON never quotes the file: config.json may hold credentials.
func readJSON(file string, into any) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if json.Unmarshal(text, into) != nil {
		return fmt.Errorf("%s is not valid JSON", file)
	}
	return nil
}

func localError(subject string, err error) *Error {
	return &Error{
		Node: LocalNode, Kind: InvalidHost, Err: fmt.Errorf("read %s: %w", subject, err),
		reason: fmt.Sprintf("%s cannot be used: %v.", subject, err), advice: contextDocs,
	}
}
