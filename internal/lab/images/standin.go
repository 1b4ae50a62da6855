package images

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	spec "github.com/moby/docker-image-spec/specs-go/v1"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/standin"
)

// StandIn is an image that stands for another one: see package standin. Program is
// the stand-in's, and busybox a layer with /bin/busybox.
func StandIn(ref string, program, busybox Layer, what standin.Spec) (Image, error) {
	text, err := json.Marshal(what)
	if err != nil {
		return Image{}, fmt.Errorf("describe %s: %w", ref, err)
	}
	uid, name, err := account(what)
	if err != nil {
		return Image{}, fmt.Errorf("describe %s: %w", ref, err)
	}
	entries := []Entry{{Path: standin.SpecFile, Content: text, Mode: 0o644}}
	entries = append(entries, accounts(map[string]int{name: uid})...)
	entries = append(entries, toolEntries(what)...)
	for _, dir := range what.Requires.Writable {
		if strings.HasPrefix(dir, "/") && !strings.Contains(dir, "$") && dir != "/tmp" && dir != "/run" {
			entries = append(entries, Entry{Path: dir + "/", Owner: uid})
		}
	}
	top, err := LayerOf(entries...)
	if err != nil {
		return Image{}, err
	}
	config := ocispec.ImageConfig{
		User: what.User, Entrypoint: what.Entrypoint, Cmd: what.Command, Env: []string{"PATH=" + path},
		Labels: map[string]string{"homelab.test.ref": ref},
	}
	if len(what.Entrypoint)+len(what.Command) == 0 {
		config.Entrypoint = []string{standin.Program}
	}
	return Image{
		Ref: ref, Layers: []Layer{busybox, program, top},
		Config: spec.DockerOCIImageConfig{ImageConfig: config, DockerOCIImageConfigExt: spec.DockerOCIImageConfigExt{Healthcheck: healthcheck(what.Healthcheck)}},
	}, nil
}

// StandInLayer is the layer with the stand-in's program.
func StandInLayer(program []byte) (Layer, error) {
	return LayerOf(
		Entry{Path: "/tmp/", Mode: 0o1777}, Entry{Path: "/run/"}, Entry{Path: "/var/run", Link: "/run"},
		Entry{Path: "/.standin/"}, Entry{Path: standin.Program, Content: program},
	)
}

const path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// account is the number and the name of the image's user.
func account(what standin.Spec) (uid int, name string, err error) {
	user, _, _ := strings.Cut(what.User, ":")
	if user == "" || user == "root" {
		return 0, "root", nil
	}
	if uid, err = strconv.Atoi(user); err == nil {
		return uid, fmt.Sprintf("user%d", uid), nil
	}
	if what.UID == 0 {
		return 0, "", fmt.Errorf("user %q is a name: uid has to say its number", user)
	}
	return what.UID, user, nil
}

// accounts are the files of users, each with a group of its own.
func accounts(users map[string]int) []Entry {
	passwd := "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n"
	group := "root:x:0:\nnogroup:x:65534:\nnobody:x:65534:\n"
	for _, name := range slices.Sorted(maps.Keys(users)) {
		if id := users[name]; id != 0 && name != "nobody" {
			passwd += fmt.Sprintf("%s:x:%d:%d::/:/bin/false\n", name, id, id)
			group += fmt.Sprintf("%s:x:%d:\n", name, id)
		}
	}
	return []Entry{
		{Path: "/etc/passwd", Content: []byte(passwd), Mode: 0o644},
		{Path: "/etc/group", Content: []byte(group), Mode: 0o644},
	}
}

// toolEntries are the names under which the image has its programs.
func toolEntries(what standin.Spec) []Entry {
	links := map[string]string{}
	for _, tool := range what.Tools {
		links[standin.ToolPath(tool)] = standin.Program
		if standin.BusyBox(tool) {
			links[standin.ToolPath(tool)] = "/bin/busybox"
		}
	}
	for _, name := range what.Names() {
		if name != standin.Program {
			links[name] = standin.Program
		}
	}
	var entries []Entry
	for _, link := range slices.Sorted(maps.Keys(links)) {
		entries = append(entries, Entry{Path: link, Link: links[link]})
	}
	return entries
}

// healthcheck is an image's own check, asked often: tests wait for it.
func healthcheck(test []string) *spec.HealthcheckConfig {
	if len(test) == 0 {
		return nil
	}
	if test[0] != "CMD" && test[0] != "CMD-SHELL" {
		test = append([]string{"CMD"}, test...)
	}
	return &spec.HealthcheckConfig{Test: test, Interval: time.Second, Timeout: 30 * time.Second, StartPeriod: time.Minute, Retries: 10}
}
