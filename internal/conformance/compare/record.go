package compare

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

// Record is what the engine says of a project: for each object ("container
// web-1", "network default", "volume data") its fields by dotted path. Lists whose
// order means nothing are sorted, and IDs are replaced by the object's name.
type Record map[string]map[string]string

type inspected struct {
	kind, name, id string
	fields         map[string]any
}

// settleLimit is how long a project may take until nothing changes any more.
const settleLimit = 3 * time.Minute

// Settle waits until every job has ended and every health check has an outcome.
func (e *Engine) Settle(t testing.TB, project string) {
	t.Helper()
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	limit := time.After(settleLimit)
	for {
		waiting := e.Unsettled(t, project)
		if len(waiting) == 0 {
			return
		}
		select {
		case <-ticker.C:
		case <-limit:
			t.Fatalf("%s: after %s still not settled: %v", project, settleLimit, waiting)
		}
	}
}

// Unsettled names the containers of a project that still start, restart or, as jobs of
// the test application, run.
func (e *Engine) Unsettled(t testing.TB, project string) []string {
	t.Helper()
	var waiting []string
	for _, c := range e.containers(t, project) {
		state, _ := c.fields["State"].(map[string]any)
		health, _ := state["Health"].(map[string]any)
		config, _ := c.fields["Config"].(map[string]any)
		command, _ := config["Cmd"].([]any)
		job := len(command) > 0 && command[0] == "job"
		switch {
		case state["Status"] == "running" && health["Status"] == "starting",
			state["Status"] == "running" && job, state["Status"] == "restarting":
			waiting = append(waiting, c.name)
		}
	}
	return waiting
}

func (e *Engine) containers(t testing.TB, project string) []inspected {
	t.Helper()
	var list []struct {
		ID string `json:"Id"`
	}
	e.Get(t, "/containers/json?all=1&"+labelled(project), &list)
	var out []inspected
	for _, item := range list {
		c := inspected{kind: "container", id: item.ID}
		e.Get(t, "/containers/"+item.ID+"/json", &c.fields)
		name, _ := c.fields["Name"].(string)
		c.name = shortName(project, name)
		out = append(out, c)
	}
	return out
}

func (e *Engine) networks(t testing.TB, project string) []inspected {
	t.Helper()
	var list []struct {
		ID string `json:"Id"`
	}
	e.Get(t, "/networks?"+labelled(project), &list)
	var out []inspected
	for _, item := range list {
		n := inspected{kind: "network", id: item.ID}
		e.Get(t, "/networks/"+item.ID, &n.fields)
		n.name, _ = n.fields["Name"].(string)
		out = append(out, n)
	}
	return out
}

// volumes are those of the project and the anonymous ones of its containers;
// those of delivered files are the provider's own and are left out.
func (e *Engine) volumes(t testing.TB, project string, containers []inspected) []inspected {
	t.Helper()
	var list struct{ Volumes []map[string]any }
	e.Get(t, "/volumes", &list)
	var out []inspected
	for _, v := range list.Volumes {
		name, _ := v["Name"].(string)
		labels, _ := v["Labels"].(map[string]any)
		if labels["com.docker.compose.project"] == project && labels["io.homelab.file"] == nil {
			out = append(out, inspected{kind: "volume", name: name, id: name, fields: v})
		}
	}
	return append(out, anonymous(list.Volumes, containers)...)
}

// builtImages are the images of containers that were not there beforehand: what
// a container inherits from them, their names, and how many layers they have.
func (e *Engine) builtImages(t testing.TB, objects []inspected) []inspected {
	t.Helper()
	var out []inspected
	seen := map[string]bool{}
	for _, c := range objects {
		config, _ := c.fields["Config"].(map[string]any)
		ref, _ := config["Image"].(string)
		if c.kind != "container" || strings.HasPrefix(ref, "homelab.test/") || seen[ref] {
			continue
		}
		seen[ref] = true
		var image map[string]any
		e.Get(t, "/images/"+ref+"/json", &image)
		rootfs, _ := image["RootFS"].(map[string]any)
		fields := map[string]any{"RepoTags": image["RepoTags"], "Layers": len(list(rootfs["Layers"]))}
		for _, name := range []string{"Config", "Architecture", "Os", "Variant"} {
			fields[name] = image[name]
		}
		out = append(out, inspected{kind: "image", name: ref, fields: fields})
	}
	return out
}

// anonymous names the volumes without a name after where they are mounted.
func anonymous(all []map[string]any, containers []inspected) []inspected {
	var out []inspected
	for _, c := range containers {
		for _, m := range list(c.fields["Mounts"]) {
			mount, _ := m.(map[string]any)
			name, _ := mount["Name"].(string)
			for _, v := range all {
				labels, _ := v["Labels"].(map[string]any)
				if v["Name"] == name && len(name) == 64 && labels["io.homelab.file"] == nil {
					out = append(out, inspected{kind: "volume", name: fmt.Sprintf("of %s at %v", c.name, mount["Destination"]), id: name, fields: v})
				}
			}
		}
	}
	return out
}

// Record reads everything of a project.
func (e *Engine) Record(t testing.TB, project string) Record {
	t.Helper()
	objects := e.containers(t, project)
	for _, c := range objects {
		c.fields["Files"] = e.files(t, c)
	}
	objects = append(objects, e.volumes(t, project, objects)...)
	objects = append(objects, e.networks(t, project)...)
	objects = append(objects, e.builtImages(t, objects)...)
	names := map[string]string{}
	for _, o := range objects {
		names[o.id] = "<" + o.kind + " " + o.name + ">"
	}
	out := Record{}
	for _, o := range objects {
		flat := map[string]string{}
		Flatten("", o.fields, flat)
		out[o.kind+" "+o.name] = rename(flat, names)
	}
	return out
}

// rename replaces IDs, long and short, in values and paths.
func rename(flat, names map[string]string) map[string]string {
	var pairs []string
	for _, id := range slices.Sorted(maps.Keys(names)) {
		if len(id) == 64 {
			pairs = append(pairs, id, names[id], id[:12], strings.TrimSuffix(names[id], ">")+", short>")
		}
	}
	replacer := strings.NewReplacer(pairs...)
	out := make(map[string]string, len(flat))
	for path, value := range flat {
		out[replacer.Replace(path)] = replacer.Replace(value)
	}
	return out
}

// Flatten writes scalars under their dotted paths. An element of a list is under
// what identifies it, or else its index.
func Flatten(path string, value any, into map[string]string) {
	switch v := value.(type) {
	case nil:
		into[path] = "null"
	case map[string]any:
		if len(v) == 0 {
			into[path] = "{}"
		}
		for key, inner := range v {
			Flatten(strings.TrimPrefix(path+"."+key, "."), inner, into)
		}
	case []any:
		if len(v) == 0 {
			into[path] = "[]"
		}
		if strings.HasPrefix(path, "NetworkSettings.Ports.") {
			slices.SortFunc(v, byPort)
		}
		for i, inner := range v {
			Flatten(path+"["+element(path, i, inner)+"]", inner, into)
		}
	case string:
		into[path] = fmt.Sprintf("%q", v)
	default:
		into[path] = fmt.Sprint(v)
	}
}

// element names an element of a list: by its index where the order counts.
func element(path string, i int, value any) string {
	identity := unordered[path]
	if identity == nil {
		identity = unordered[path[strings.LastIndex(path, ".")+1:]]
	}
	if identity == nil {
		return fmt.Sprint(i)
	}
	return identity(value)
}

// field identifies an element by one of its fields, and part by a part of its
// text.
func field(name string) func(any) string {
	return func(element any) string {
		object, _ := element.(map[string]any)
		return fmt.Sprint(object[name])
	}
}

func part(separator string, n int) func(any) string {
	return func(element any) string {
		text, _ := element.(string)
		parts := strings.Split(text, separator)
		return parts[min(n, len(parts)-1)]
	}
}

// byPort orders the bindings of a port: first those of a port that was chosen.
func byPort(a, b any) int {
	key := func(v any) string {
		port := field("HostPort")(v)
		if len(port) == 5 && port >= "32768" {
			port = "dynamic"
		}
		return port + " " + field("HostIp")(v)
	}
	return strings.Compare(key(a), key(b))
}

func list(v any) []any {
	l, _ := v.([]any)
	return l
}
