package stack_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/network"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/images"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/labtest"
)

// ran is a stack in which everything hangs together: web depends on db and has a
// delivered file, a network of its own and a volume; child lives in web's network
// namespace; other has nothing to do with any of them.
const ran = `
services:
  db: {image: "homelab.test/app:1", command: [sleep], restart: unless-stopped, environment: {REVISION: "%[1]d"}, stop_grace_period: 1s}
  web:
    image: homelab.test/app:1
    command: [sleep]
    restart: unless-stopped
    stop_grace_period: 1s
    depends_on: [db]
    networks: [front, default]
    volumes: [data:/data]
    configs: [{source: settings, target: /settings}]
    environment: {REVISION: "%[1]d"}
    %[2]s
  child: {image: "homelab.test/app:1", command: [sleep], restart: unless-stopped, network_mode: "service:web", stop_grace_period: 1s}
  other: {image: "homelab.test/app:1", command: [sleep], restart: unless-stopped, stop_grace_period: 1s}
networks: {front: {}, default: {}, %[3]s}
volumes: {data: {}}
configs: {settings: {content: "revision %[1]d"}}
`

// doomed is a change that cannot succeed.
type doomed struct {
	name string
	// web replaces or adds to the lines of the service web, and networks to the
	// declared networks.
	web, networks string
	// db replaces the service's command.
	db        string
	arguments []string
	// prepare makes what the change fails for, and may return further lines.
	prepare func(b *bench) string
	says    []string
}

var dooms = []doomed{
	{name: "command is not in the image", web: `entrypoint: [/nothing]`, says: []string{`Service "web" of stack`, `/nothing`}},
	{name: "exits at once", web: `command: [job, -code, "1", -log, "I give up"]`, says: []string{`Service "web" of stack`, `exited`, `I give up`}},
	{name: "health check fails", web: "command: [serve, -unhealthy]\n    healthcheck: {test: [CMD, /app, health], interval: 200ms, retries: 2}",
		says: []string{`Service "web" of stack`, `became unhealthy after`, `exit 1 unhealthy: -unhealthy was given`}},
	{name: "port is taken", prepare: takePort, says: []string{`Service "web" of stack`, `address already in use`}},
	{name: "device is missing", web: `devices: ["/dev/nothing:/dev/something"]`, says: []string{`Service "web" of stack`, `/dev/nothing`}},
	{name: "out of memory", web: "mem_limit: 16m\n    memswap_limit: 16m\n    restart: \"no\"\n    command: [sleep, -eat, \"64\"]",
		says: []string{`Service "web" of stack`, `exited with code 137 (killed`, `because it ran out of memory`}},
	{name: "dependency fails", db: `[job, -code, "7"]`, says: []string{`Service "db" of stack`, `exited`}},
	{name: "build fails", web: "image: homelab.test/made:1\n    build: {context: ., dockerfile_inline: \"FROM homelab.test/app:1\\nCOPY missing /x\\n\"}",
		arguments: []string{`project_directory = "."`}, says: []string{`Service "web" of stack`, `build image`, `missing`}},
	{name: "pull is cut off", prepare: cutPull, says: []string{`Service "web" of stack`, `pull image`}},
	{name: "network is refused", web: `networks: [front, default, more]`, networks: `more: {driver_opts: {com.docker.network.driver.mtu: much}}`,
		says: []string{`network`, `more`, `much`}},
	{name: "source of a mount is missing", web: `volumes: [{type: bind, source: /nothing/there, target: /data, bind: {create_host_path: false}}]`,
		says: []string{`Service "web" of stack`, `/nothing/there`}},
	{name: "time is up", web: "command: [serve, -unhealthy]\n    healthcheck: {test: [CMD, /app, health], interval: 500ms, retries: 10000}",
		arguments: []string{`timeouts = { update = "15s" }`}, says: []string{`Service "web" of stack`, `did not become ready within 15s`}},
}

// compose writes the stack in its second revision.
func (d doomed) compose(further string) string {
	text := fmt.Sprintf(ran, 2, strings.TrimSpace(d.web+"\n    "+further), d.networks)
	if strings.Contains(d.web+further, "command:") || strings.Contains(d.web, "entrypoint:") {
		text = strings.Replace(text, "    image: homelab.test/app:1\n    command: [sleep]\n", "    image: homelab.test/app:1\n", 1)
	}
	for _, field := range []string{"image", "restart", "networks", "volumes"} {
		text = override(text, d.web+"\n"+further, field)
	}
	if d.db != "" {
		text = strings.Replace(text, `command: [sleep], restart: unless-stopped, environment`, `command: `+d.db+`, restart: "no", environment`, 1)
	}
	return text
}

// override drops web's own line of a field that the change has too.
func override(text, change, field string) string {
	before, after, _ := strings.Cut(text, "\n  child:")
	head, web, _ := strings.Cut(before, "\n  web:")
	mark := "\n    " + field + ":"
	if strings.Count(web, mark) > 1 {
		lines, own, _ := strings.Cut(web, mark)
		_, rest, _ := strings.Cut(own, "\n")
		web = lines + "\n" + rest
	}
	return head + "\n  web:" + web + "\n  child:" + after
}

// takePort has something outside the engine listen on a port, and publishes it.
func takePort(b *bench) string {
	b.Helper()
	here, err := net.Listen("tcp4", "127.0.0.1:0")
	b.must(err)
	port := here.Addr().(*net.TCPAddr).Port
	b.must(here.Close())
	taken, err := labtest.Node(b.T).Listen(port)
	b.must(err)
	b.Cleanup(func() { _ = taken.Close() })
	return fmt.Sprintf(`ports: ["127.0.0.1:%d:8080"]`, port)
}

// cutPull names an image of a registry that hangs up in the middle of a layer.
func cutPull(b *bench) string {
	b.Helper()
	complete := startRegistry(b.T)
	content := make([]byte, 1<<20)
	_, err := rand.Read(content) // what the node has, and what packs well, would not be cut off
	b.must(err)
	source := "homelab.test/" + b.name + ":1"
	b.must(images.Load(b.Context(), b.engine, images.Image{Ref: source, Files: map[string][]byte{"/content": content}}))
	complete.push(b.T, source, "cut:1")
	for _, ref := range []string{source, complete.address + "/cut:1"} {
		_, err := b.engine.ImageRemove(b.Context(), ref, image.RemoveOptions{})
		if !errdefs.IsNotFound(err) {
			b.must(err)
		}
	}
	here, err := net.Listen("tcp4", "127.0.0.1:0")
	b.must(err)
	there, err := labtest.Node(b.T).Listen(here.Addr().(*net.TCPAddr).Port)
	b.must(err)
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) { cutLayers(w, req, complete.address) })}
	go func() { _ = server.Serve(here) }()
	go func() { _ = server.Serve(there) }()
	b.Cleanup(func() { _ = server.Close() })
	return fmt.Sprintf("image: %s/cut:1", here.Addr())
}

// cutLayers passes a registry's answers on, of large ones only the beginning.
func cutLayers(w http.ResponseWriter, req *http.Request, address string) {
	const most = 64 << 10
	asked, err := http.NewRequestWithContext(req.Context(), req.Method, "http://"+address+req.URL.RequestURI(), nil)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	asked.Header = req.Header
	answer, err := http.DefaultTransport.RoundTrip(asked)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer answer.Body.Close()
	maps.Copy(w.Header(), answer.Header)
	w.WriteHeader(answer.StatusCode)
	if n, _ := io.CopyN(w, answer.Body, most); n == most {
		panic(http.ErrAbortHandler)
	}
}

func TestAccStack_UpdateFails_EverythingIsAsBefore(t *testing.T) {
	for _, d := range dooms {
		t.Run(d.name, func(t *testing.T) {
			b := newBench(t)
			further := ""
			if d.prepare != nil {
				further = d.prepare(b)
			}
			b.undoes(d, further)
		})
	}
}

func TestAccStack_NodeRestartsInAnUpdate_EverythingIsAsBefore(t *testing.T) {
	requireAcceptance(t)
	t.Parallel()
	node := labtest.New(t, lab.Options{}).Nodes[0]
	b := &bench{T: t, name: acctest.Name(t), host: node.Host, engine: labtest.Client(t, node.Host)}
	first := b.config(fmt.Sprintf(ran, 1, "", ""))
	slow := doomed{web: "command: [serve, -unhealthy]\n    healthcheck: {test: [CMD, /app, health], interval: 1s, retries: 10000}"}
	failing := b.config(slow.compose(""))
	var before string
	restarted := make(chan error, 1)
	b.test(
		b.step(first, holds(func() error { before = b.condition(); return nil })),
		resource.TestStep{Config: failing, ExpectError: wordings(`The change was rolled back`), PreConfig: func() {
			old := b.container("web").ID
			go func() { restarted <- b.restartWhenReplaced(node, old) }()
		}},
		planOnly(failing, ended(func(map[string]acctest.Service) error {
			b.eventually("the stack as it was before\n"+before, func() bool { return b.condition() == before })
			return nil
		})),
		after(func() { b.must(<-restarted) }, unchanged(first)),
	)
}

// restartWhenReplaced turns the node off and on again as soon as web has a new
// container that runs.
func (b *bench) restartWhenReplaced(node *lab.Node, old string) error {
	ctx, cancel := context.WithTimeout(b.Context(), patience)
	defer cancel()
	for tick := time.Tick(20 * time.Millisecond); ; {
		c, err := b.engine.ContainerInspect(ctx, b.name+"-web-1")
		if err == nil && c.ID != old && c.State.Running {
			break
		}
		select {
		case <-tick:
		case <-ctx.Done():
			return fmt.Errorf("wait for a new container: %w", ctx.Err())
		}
	}
	if err := node.PowerOff(ctx); err != nil {
		return err
	}
	return node.PowerOn(ctx)
}

// undoes applies the stack, then the change, and holds what is there afterwards
// against what was there before.
func (b *bench) undoes(d doomed, further string) {
	b.Helper()
	first := b.config(fmt.Sprintf(ran, 1, "", ""), showAll)
	failing := b.config(d.compose(further), append(d.arguments, showAll)...)
	var before string
	b.test(
		b.step(first, holds(func() error { before = b.condition(); return nil })),
		resource.TestStep{Config: failing, ExpectError: wordings(append(d.says, `The change was rolled back`)...)},
		planOnly(failing, ended(func(services map[string]acctest.Service) error {
			if services["web"].Spec["environment.REVISION"] != "1" || services["web"].Image != "homelab.test/app:1" {
				return fmt.Errorf("state says of web %+v", services["web"])
			}
			if now := b.condition(); now != before {
				return fmt.Errorf("before:\n%s\nafter:\n%s", before, now)
			}
			return b.expectStates(services, map[string]string{"web": "running", "db": "running", "child": "running", "other": "running"})
		})),
		unchanged(first),
	)
}

// condition is all that a rollback has to bring back: each container with its
// identity, name, condition, networks and mounts, and the networks, volumes and
// scratch containers that there are.
func (b *bench) condition() string {
	b.Helper()
	var lines []string
	for key, c := range b.containers() {
		var networks, mounts []string
		for name, e := range c.NetworkSettings.Networks {
			networks = append(networks, name+"="+e.NetworkID[:12])
		}
		for _, m := range c.Mounts {
			mounts = append(mounts, m.Name+m.Source+" at "+m.Destination)
		}
		slices.Sort(networks)
		slices.Sort(mounts)
		lines = append(lines, fmt.Sprintf("%s %.12s %s running=%t %v %v %s", key, c.ID, c.Name, c.State.Running, networks, mounts, c.HostConfig.NetworkMode))
	}
	nets, err := b.engine.NetworkList(b.Context(), network.ListOptions{Filters: filters.NewArgs(filters.Arg("label", desired.LabelProject+"="+b.name))})
	b.must(err)
	for _, n := range nets {
		lines = append(lines, "network "+n.Name+" "+n.ID[:12])
	}
	for _, v := range b.fileVolumes() {
		lines = append(lines, "files "+v)
	}
	scratch, err := b.engine.ContainerList(b.Context(), container.ListOptions{All: true, Filters: filters.NewArgs(filters.Arg("label", desired.LabelScratch+"="+b.name))})
	b.must(err)
	lines = append(lines, "scratch containers: "+strconv.Itoa(len(scratch)))
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}
