package lab

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/docker/docker/client"
	"github.com/docker/go-connections/tlsconfig"
)

// pingTimeout is how long an engine may take to answer.
const pingTimeout = 5 * time.Second

// Candidate is a place where an engine may be.
type Candidate struct {
	// Host is a DOCKER_HOST value, and Source says as text where it is from.
	Host, Source string
	// CertPath is a directory with ca.pem, cert.pem and key.pem, or "" for none.
	CertPath string
	// Explicit is false for the default socket: nobody asked for that one.
	Explicit bool
}

// Candidates lists where the docker command would look for an engine, in its
// order: DOCKER_HOST, the context of DOCKER_CONTEXT or of the command's
// configuration, and the default socket. It reads files, but asks no engine.
func Candidates() []Candidate {
	var found []Candidate
	if host := os.Getenv("DOCKER_HOST"); host != "" {
		c := Candidate{Host: host, Source: "DOCKER_HOST", Explicit: true}
		if os.Getenv("DOCKER_TLS_VERIFY") != "" {
			c.CertPath = os.Getenv("DOCKER_CERT_PATH")
		}
		found = append(found, c)
	}
	if c, ok := currentContext(); ok {
		found = append(found, c)
	}
	return append(found, Candidate{Host: client.DefaultDockerHost, Source: "the default socket"})
}

// currentContext reads the docker command's context store. A context lies in
// directories named after the SHA-256 of its name (docker/cli, cli/context/store).
func currentContext() (Candidate, bool) {
	dir := os.Getenv("DOCKER_CONFIG")
	if dir == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return Candidate{}, false
		}
		dir = filepath.Join(home, ".docker")
	}
	var config struct{ CurrentContext string }
	name := os.Getenv("DOCKER_CONTEXT")
	if name == "" && readJSON(filepath.Join(dir, "config.json"), &config) == nil {
		name = config.CurrentContext
	}
	if name == "" || name == "default" {
		return Candidate{}, false
	}
	sum := sha256.Sum256([]byte(name))
	id := hex.EncodeToString(sum[:])
	var meta struct {
		Endpoints map[string]struct{ Host string }
	}
	err := readJSON(filepath.Join(dir, "contexts", "meta", id, "meta.json"), &meta)
	host := meta.Endpoints["docker"].Host
	if err != nil || host == "" {
		return Candidate{}, false
	}
	c := Candidate{Host: host, Source: fmt.Sprintf("the Docker context %q", name), Explicit: true}
	certs := filepath.Join(dir, "contexts", "tls", id, "docker")
	if _, err := os.Stat(certs); err == nil {
		c.CertPath = certs
	}
	return c, true
}

func readJSON(file string, value any) error {
	b, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	return json.Unmarshal(b, value)
}

// Ping asks the engine for a sign of life. One behind ssh is asked through its
// machine's docker command, as the docker command here would do.
func (c Candidate) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	if strings.HasPrefix(c.Host, "ssh://") {
		return pingSSH(ctx, c.Host)
	}
	opts := []client.Opt{}
	if c.CertPath != "" {
		config, err := tlsconfig.Client(tlsconfig.Options{
			CAFile: filepath.Join(c.CertPath, "ca.pem"), CertFile: filepath.Join(c.CertPath, "cert.pem"), KeyFile: filepath.Join(c.CertPath, "key.pem"),
		})
		if err != nil {
			return fmt.Errorf("read certificates: %w", err)
		}
		opts = append(opts, client.WithHTTPClient(&http.Client{Transport: &http.Transport{TLSClientConfig: config}}))
	}
	return ping(ctx, c.Host, opts...)
}

// ping asks the engine at a DOCKER_HOST value for a sign of life.
func ping(ctx context.Context, host string, opts ...client.Opt) error {
	c, err := client.NewClientWithOpts(append(opts, client.WithHost(host))...)
	if err != nil {
		return fmt.Errorf("read engine address: %w", err)
	}
	defer c.Close()
	if _, err := c.Ping(ctx); err != nil {
		return fmt.Errorf("ping engine: %w", err)
	}
	return nil
}

func pingSSH(ctx context.Context, host string) error {
	u, err := url.Parse(host)
	if err != nil {
		return fmt.Errorf("read engine address: %w", err)
	}
	args := []string{"-o", "BatchMode=yes"}
	if u.User.Username() != "" {
		args = append(args, "-l", u.User.Username())
	}
	if u.Port() != "" {
		args = append(args, "-p", u.Port())
	}
	args = append(args, "--", u.Hostname(), "docker", "version", "--format", "{{.Server.APIVersion}}")
	if out, err := exec.CommandContext(ctx, "ssh", args...).CombinedOutput(); err != nil {
		return fmt.Errorf("ping engine: %w: %s", err, strings.TrimSpace(string(out)))
	}
	return nil
}
