package leaks_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/volume"
	"github.com/docker/docker/client"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/certificate"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/labtest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/sops"
	"github.com/homelab-iac/terraform-provider-homelab/internal/sops/sopstest"
)

// aviary is a configuration into which a secret comes by every way that there is.
type aviary struct {
	*acctest.CLI
	engine    *client.Client
	node      *lab.Node
	name      string
	base      []string
	values    map[string]string // of this generation, by way
	count     int               // secrets of a generation, all ways
	hound     *hound
	key       *age.X25519Identity
	portainer *acctest.Portainer
	logs      string // directory of the logs of all commands so far
	looked    int
	logged    int // bytes of the node's log that were looked at
	// engineSaid and sshSaid tell that what they log for debugging was there.
	engineSaid, sshSaid bool
	generated           string
	events              watcher

	mu      sync.Mutex // guards what follows
	offered map[string]bool
	server  string
}

func newAviary(t *testing.T) *aviary {
	a := &aviary{CLI: acctest.NewCLI(t), node: labtest.Node(t), name: acctest.Name(t), hound: &hound{}, key: sopstest.Key(t), logs: t.TempDir(), offered: map[string]bool{}}
	a.engine = labtest.Engine(t)
	acctest.WithSOPS(t)
	t.Cleanup(func() { a.sweep(t) })
	a.events.watch(t, a.engine)
	a.portainer = acctest.StartPortainer(t, a.node.Host)
	a.Write(t, "portainer.pem", a.portainer.CA)
	a.startRegistry(t)
	client, err := os.ReadFile(a.node.Lab().ClientKey)
	if err != nil {
		t.Fatal(err)
	}
	docker := t.TempDir()
	a.base = slices.Concat(a.Env, []string{"SOPS_AGE_KEY=" + a.key.String(), "TF_VAR_portainer=" + acctest.PortainerToken, "TF_VAR_client_key=" + string(client),
		"DOCKER_CONFIG=" + docker, "DOCKER_AUTH_CONFIG=", "SSH_AUTH_SOCK=", "PATH=" + a.node.Lab().Bin + ":" + os.Getenv("PATH")})
	for of, secret := range map[string]string{"the key of age": a.key.String(), "the Portainer's token": acctest.PortainerToken,
		"the key for TLS": string(client), "the password of Docker's own configuration": a.dockerConfig(t, docker)} {
		a.hound.learn(of, secret)
		a.count++
	}
	a.count++ // the generated one
	a.generation(t, "one")
	a.count += len(a.values)
	return a
}

// startRegistry starts a registry that lets nobody in, and remembers who was shown
// which password.
func (a *aviary) startRegistry(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, password, ok := r.BasicAuth(); ok {
			a.mu.Lock()
			a.offered[password] = true
			a.mu.Unlock()
		}
		w.Header().Set("Www-Authenticate", `Basic realm="lab"`)
		http.Error(w, `{"errors":[{"code":"DENIED","message":"nobody is let in"}]}`, http.StatusUnauthorized)
	}))
	t.Cleanup(server.Close)
	a.server = strings.TrimPrefix(server.URL, "http://")
}

// otherName is the registry by another name, for which the credentials are in
// Docker's configuration.
func (a *aviary) otherName() string { return strings.Replace(a.server, "127.0.0.1", "localhost", 1) }

func (a *aviary) dockerConfig(t *testing.T, dir string) (password string) {
	t.Helper()
	password = canary(t, "docker-config", "always")
	text, err := json.Marshal(map[string]any{"auths": map[string]any{a.otherName(): map[string][]byte{"auth": []byte("lab:" + password)}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "config.json"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	return password
}

// requireOffered requires that the registry was shown the passwords.
func (a *aviary) requireOffered(t *testing.T) {
	t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.offered[a.values["registry"]] || len(a.offered) < 2 {
		t.Errorf("the registry was shown %d passwords", len(a.offered))
	}
}

// generation gives every way a secret of its own, and has them looked for from
// now on.
func (a *aviary) generation(t *testing.T, generation string) {
	t.Helper()
	a.values = map[string]string{}
	for _, way := range ways {
		a.values[way] = canary(t, way, generation)
	}
	a.values["lines"] += "\n" + canary(t, "second-line", generation) + "\n"
	a.values["special"] += ` "quoted" $HOME \ & <more>`
	a.values["away-key"], a.values["ssh"] = privateKey(t), privateKey(t)
	a.values["leaf"] = leafKey(t, a.values["pki-seed"])
	for _, format := range []sops.Format{sops.YAML, sops.JSON, sops.Dotenv, sops.INI, sops.Binary} {
		a.values["sops-"+string(format)] = canary(t, "sops-"+string(format), generation)
	}
	a.values["local-file"] = canary(t, "local-file", generation)
	for way, value := range a.values {
		a.hound.learn(way+", generation "+generation, value)
	}
	a.encrypt(t)
	a.Write(t, "project/local", a.values["local-file"])
	a.Write(t, "project/key", a.values["ssh"])
}

func canary(t *testing.T, way, generation string) string {
	t.Helper()
	return "c4n4ry-" + way + "-" + generation + "-" + acctest.Name(t)
}

func privateKey(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

// leafKey is the key that the authority of birdhouse makes of a seed.
func leafKey(t *testing.T, seed string) string {
	t.Helper()
	from := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	issuer, err := certificate.New([]byte(seed), certificate.Authority{Name: "Lab", NotBefore: from, NotAfter: from.AddDate(40, 0, 0)})
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := issuer.Issue("leaf", certificate.Request{Profile: certificate.Client, CommonName: "leaf", NotBefore: from, NotAfter: from.AddDate(0, 0, 14000)})
	if err != nil {
		t.Fatal(err)
	}
	return leaf.Key
}

func (a *aviary) encrypt(t *testing.T) {
	t.Helper()
	for format, plain := range map[sops.Format]string{
		sops.YAML: "deep:\n  secret: %s\n", sops.JSON: `{"secret": %q}`, sops.Dotenv: "SECRET=%s\n", sops.INI: "[main]\nsecret = %s\n", sops.Binary: "%s",
	} {
		text := fmt.Sprintf(plain, a.values["sops-"+string(format)])
		a.Write(t, "secrets."+string(format), string(sopstest.Encrypt(t, format, []byte(text), a.key.Recipient().String())))
	}
}

// configure writes the configuration, and the far stack's document with some texts
// replaced.
func (a *aviary) configure(t *testing.T, more string, replaced ...string) {
	t.Helper()
	a.Write(t, "near.yaml", strings.ReplaceAll(near, "NAME", a.name))
	a.Write(t, "far.yaml", strings.NewReplacer(slices.Concat([]string{"NAME", a.name}, replaced)...).Replace(far))
	a.Write(t, "project/Dockerfile", dockerfile)
	l := a.node.Lab()
	a.Write(t, "main.tf", fmt.Sprintf(birdhouse, a.node.Host, a.node.SSHHost, a.node.TCPHost, a.portainer.Host, l.CA, l.ClientCert, a.server, a.name)+more)
}

// meant tells the files that are secrets by themselves, or encrypted.
func meant(name string) bool { return name == "local" || name == "key" }

// run runs a command with everything that Terraform and the provider can log, and
// looks at all that it wrote.
func (a *aviary) run(t *testing.T, code int, args ...string) acctest.Result {
	t.Helper()
	began := time.Now()
	result := a.start(t, args...).Wait(t)
	t.Log(time.Since(began).Round(time.Second), args)
	a.look(t, strings.Join(args, " "), result)
	if result.Code != code {
		t.Fatalf("terraform %s ended with code %d, not %d:\n%s%s", strings.Join(args, " "), result.Code, code, result.Stdout, result.Stderr)
	}
	return result
}

func (a *aviary) start(t *testing.T, args ...string) *acctest.Process {
	t.Helper()
	values, err := json.Marshal(a.values)
	if err != nil {
		t.Fatal(err)
	}
	a.Env = slices.Concat(a.base, []string{"TF_VAR_c=" + string(values), "TF_LOG=TRACE", "TF_LOG_PATH=" + filepath.Join(a.Dir, "trace.log")})
	return a.Start(t, append(args, "-no-color")...)
}

// look searches what a command left where Terraform runs.
func (a *aviary) look(t *testing.T, command string, result acctest.Result) {
	t.Helper()
	a.hound.search(t, "the output of "+command, []byte(result.Stdout+result.Stderr))
	log := filepath.Join(a.Dir, "trace.log")
	if info, err := os.Stat(log); err != nil || info.Size() < 10_000 {
		t.Fatalf("there is no log of %s: %v", command, err)
	}
	a.looked += a.hound.searchFiles(t, a.Dir, meant)
	if err := os.Rename(log, filepath.Join(a.logs, fmt.Sprint(a.looked))); err != nil {
		t.Fatal(err)
	}
}

// readGenerated takes the value that was made on the node from the container that
// uses it: nobody else has it. What was logged until then is searched for it.
func (a *aviary) readGenerated(t *testing.T, generation string) {
	t.Helper()
	value := secretOf(t, a.engine, a.name+"-node-1", "/run/secrets/generated")
	if len(value) != 40 || value == a.generated {
		t.Fatalf("generated is %d bytes long, the same as before: %t", len(value), value == a.generated)
	}
	a.generated = value
	late := &hound{}
	for _, h := range []*hound{late, a.hound} {
		h.learn("generated, generation "+generation, value)
	}
	if late.searchFiles(t, a.logs, meant)+late.searchFiles(t, a.Dir, meant) < 1<<20 {
		t.Error("there are no logs to look at")
	}
}

// requireArrived requires that secrets of both stacks are where they belong: what
// never arrived cannot leak.
func (a *aviary) requireArrived(t *testing.T) {
	t.Helper()
	for path, way := range map[string]string{"-files-1:/run/secrets/leaf": "leaf", "-files-1:/run/secrets/lines": "lines", "-node-1:/run/secrets/based": "based",
		"-sops-1:/run/secrets/sops-ini": "sops-ini", "-far-command-1:/run/secrets/ssh-file": "ssh-file", "-far-command-1:/run/secrets/over-ssh": "over-ssh"} {
		container, file, _ := strings.Cut(path, ":")
		if got := secretOf(t, a.engine, a.name+container, file); got != a.values[way] {
			t.Errorf("%s holds %q, not %q", path, got, a.values[way])
		}
	}
	for _, way := range []string{"over-tls", "over-portainer"} {
		mounts, err := filepath.Glob(filepath.Join(a.node.Root, "var/lib/docker/volumes", "homelab_secret_"+a.name+"-"+way+"_v*", "_data/content"))
		if err != nil || len(mounts) != 1 {
			t.Fatalf("%s is on the node as %v (%v)", way, mounts, err)
		}
		if content, err := os.ReadFile(mounts[0]); err != nil || !bytes.Equal(content, []byte(a.values[way])) {
			t.Errorf("%s is %q on the node (%v)", way, content, err)
		}
	}
}

// sweep removes what a test that failed left.
func (a *aviary) sweep(t *testing.T) {
	ctx := context.WithoutCancel(t.Context())
	containers, _ := a.engine.ContainerList(ctx, container.ListOptions{All: true})
	for _, c := range containers {
		if strings.HasPrefix(c.Labels["com.docker.compose.project"], a.name) || strings.Contains(fmt.Sprint(c.Names), a.name) {
			_ = a.engine.ContainerRemove(ctx, c.ID, container.RemoveOptions{Force: true, RemoveVolumes: true})
		}
	}
	for _, network := range []string{a.name + "_default", a.name + "-far_default"} {
		_ = a.engine.NetworkRemove(ctx, network)
	}
	volumes, _ := a.engine.VolumeList(ctx, volume.ListOptions{})
	for _, v := range volumes.Volumes {
		if strings.Contains(v.Name, a.name) {
			_ = a.engine.VolumeRemove(ctx, v.Name, true)
		}
	}
}
