package stack_test

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/volume"
	"github.com/docker/docker/client"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/labtest"
)

// Two configurations know nothing of each other and have one node. What one of them
// has is there after whatever the other one does, or the plan of that said it.
func TestAccStack_TwoConfigurationsOnOneNode_NothingOfTheOtherGoesUnsaid(t *testing.T) {
	requireAcceptance(t)
	names := sortedKeys(meetings())
	if len(names) < 20 {
		t.Errorf("%d combinations", len(names))
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			m := &meeting{T: t, name: acctest.Name(t), engine: labtest.Engine(t), root: labtest.Node(t).Root}
			t.Cleanup(func() {
				_ = sweep(context.WithoutCancel(t.Context()), m.engine, func(stack, name string) bool { return strings.Contains(stack+" "+name, m.name) })
			})
			for _, step := range meetings()[name] {
				step(m)
			}
		})
	}
}

// The first configuration's stack: a service with data, on a network of its own.
const ownStack = `
services: {web: {image: "homelab.test/app:1", command: [sleep], init: true, volumes: ["data:/data"]}}
volumes: {data: {}}
`

// otherStack is another stack's document of other services.
const otherStack = `
services: {db: {image: "homelab.test/app:1", command: [sleep], init: true}}
`

const isThere = `Stack "NAME" is on the node already, with service "web" and network "NAME_default"`

// dataStack mounts a volume of the node.
const dataStack = `
services: {db: {image: "homelab.test/app:1", command: [sleep], init: true, volumes: ["data:/data"]}}
`

const anothersVolume = `Volume "NAME_data" exists on the node, and this stack did not make it`

// meetings are what happens, step by step: m is the first configuration's doing, o
// the other one's.
func meetings() map[string][]func(*meeting) {
	var (
		m, o      = actor(0), actor(1)
		stack     = project("NAME", ownStack)
		data      = with(stack, "remove_volumes", true)
		lan       = map[string]any{"name": "NAME"}
		token     = map[string]any{"name": "NAME", "generate": map[string]any{"length": 24}}
		folder    = directory(1000, "0750")
		elsewhere = func(document string) map[string]any { return with(project("NAME-2", document), "remove_volumes", true) }
	)
	return map[string][]func(*meeting){
		"stack, created":                         {m.has(stacks, stack), o.declined(stacks, stack, isThere+`.*terraform import`), o.nothing()},
		"stack, created with other services":     {m.has(stacks, stack), o.declined(stacks, project("NAME", otherStack), isThere), o.nothing()},
		"stack, created, its containers stopped": {m.has(stacks, stack), stopped(), o.declined(stacks, stack, isThere), o.nothing()},
		"stack, state lost":                      {m.has(stacks, stack), m.loses(), m.declined(stacks, stack, isThere+`.*terraform import`), o.nothing()},
		"stack, state lost, imported":            {m.has(stacks, stack), m.loses(), m.takes(stacks, "local/NAME"), m.has(stacks, stack), m.stays()},
		"stack, destroyed, its data stays": {m.has(stacks, stack), m.goes(), o.says(stacks, stack, `uses the data that the node has in the volume "NAME_data"`),
			o.goes(), o.stays()},
		"stack, destroyed, data removed where it was said": {m.has(stacks, stack), m.goes(), o.says(stacks, data, `uses the data that the node has in the volume "NAME_data"`),
			m.forgets(), o.goes()},
		"stack, refused and destroyed with remove_volumes": {m.has(stacks, stack), o.declined(stacks, data, isThere), o.goes(), o.stays()},
		"network of a stack, same name":                    {m.has(stacks, stack), o.refused(stacks, elsewhere(otherStack+`networks: {default: {name: NAME_default}}`), `NAME_default`)},
		"network of a stack, external":                     {m.has(stacks, stack), o.says(stacks, elsewhere(otherStack+`networks: {default: {name: NAME_default, external: true}}`), ``), o.goes(), o.stays()},
		"network of a stack, as a network":                 {m.has(stacks, stack), o.refused(networks, map[string]any{"name": "NAME_default"}, `Network "NAME_default" exists on the node already`)},
		"volume of a stack, same name":                     {m.has(stacks, stack), o.refused(stacks, elsewhere(dataStack+`volumes: {data: {name: NAME_data}}`), anothersVolume), o.nothing()},
		"volume of a stack that is destroyed":              {m.has(stacks, stack), m.goes(), o.refused(stacks, elsewhere(dataStack+`volumes: {data: {name: NAME_data}}`), anothersVolume), o.nothing()},
		"volume of a stack, external":                      {m.has(stacks, stack), o.says(stacks, elsewhere(dataStack+`volumes: {data: {name: NAME_data, external: true}}`), ``), o.goes(), o.stays()},
		"volume of a stack, by an update": {m.has(stacks, stack), o.says(stacks, elsewhere(otherStack), ``),
			o.refused(stacks, elsewhere(dataStack+`volumes: {data: {name: NAME_data}}`), anothersVolume), o.goes(), o.stays()},
		"stack, another one is renamed to it":   {m.has(stacks, stack), o.says(stacks, elsewhere(otherStack), ``), o.warned(stacks, project("NAME", otherStack), isThere), o.goes(), o.stays()},
		"network, another one is renamed to it": {m.has(networks, lan), o.says(networks, map[string]any{"name": "NAME-2"}, ``), o.warned(networks, lan, `Network "NAME" exists`), o.goes(), o.nothing()},
		"secret, another one is renamed to it":  {m.has(secrets, token), o.says(secrets, with(token, "name", "NAME-2"), ``), o.warned(secrets, token, `A secret named "NAME" exists`), o.goes(), o.stays()},
		"container name":                        {m.has(stacks, stack), o.declined(stacks, elsewhere(strings.Replace(otherStack, "init", "container_name: NAME-web-1, init", 1)), `NAME-web-1`)},
		"port": {m.has(stacks, project("NAME", strings.Replace(ownStack, "init", `ports: ["10080:80"], init`, 1))),
			o.declined(stacks, elsewhere(strings.Replace(otherStack, "init", `ports: ["10080:80"], init`, 1)), `publishes port .*10080`)},
		"network, created":            {m.has(networks, lan), o.declined(networks, lan, `Network "NAME" exists on the node already.*terraform import`), o.nothing()},
		"network, as a stack's":       {m.has(networks, lan), o.refused(stacks, elsewhere(otherStack+`networks: {default: {name: NAME}}`), `"?NAME"?`)},
		"network, state lost":         {m.has(networks, lan), m.loses(), m.declined(networks, lan, `terraform import ADDRESS local/NAME`), m.takes(networks, "local/NAME"), m.has(networks, lan), m.stays()},
		"network, a stack is on it":   {m.has(stacks, project("NAME", ownStack)), o.takes(networks, "local/NAME_default"), o.cannotGo(`still has containers attached to it: NAME-web-1`), o.stays()},
		"network, as a subnet":        {m.has(networks, lan), o.declined(subnets, vlan(), `Network "NAME" exists on the node already`)},
		"secret, created":             {m.has(secrets, token), o.declined(secrets, token, `A secret named "NAME" exists on the node already.*terraform import`), o.nothing()},
		"secret, given another value": {m.has(secrets, token), o.warned(secrets, map[string]any{"name": "NAME", "value": "another", "value_version": "1"}, `A secret named "NAME" exists`), o.nothing()},
		"secret, state lost":          {m.has(secrets, token), m.loses(), m.declined(secrets, token, `terraform import`), m.takes(secrets, "local/NAME"), m.has(secrets, token), m.stays()},
		"secret, destroyed and kept":  {m.has(secrets, token), m.goes(), o.says(secrets, token, `uses the kept value`)},
		"directory, same owner":       {m.has(nodes, folder), o.says(nodes, folder, ``), o.goes(), o.stays()},
		"directory, another owner": {m.has(nodes, folder), m.forgets(), o.says(nodes, directory(1001, "0700"), `Directory .*/srv/NAME.*uid 1000.*1001`),
			m.says(nodes, folder, `uid.*1001.*1000`)},
		"directory, destroyed": {m.has(nodes, folder), m.goes(), o.says(nodes, folder, ``), o.goes(), o.stays()},
	}
}

// The kinds of resources.
const (
	stacks   = "homelab_stack"
	networks = "homelab_network"
	subnets  = "homelab_subnet"
	secrets  = "homelab_secret"
	nodes    = "homelab_node"
)

func project(name, document string) map[string]any {
	return map[string]any{"name": name, "compose": document}
}

func with(attributes map[string]any, name string, value any) map[string]any {
	out := map[string]any{name: value}
	for key, one := range attributes {
		if key != name {
			out[key] = one
		}
	}
	return out
}

func directory(uid int, mode string) map[string]any {
	return map[string]any{"name": "local", "directories": map[string]any{"/srv/NAME": map[string]any{"uid": uid, "gid": uid, "mode": mode}}}
}

func vlan() map[string]any {
	return map[string]any{"name": "NAME", "vlan_id": 20, "cidr": "10.77.0.0/24", "attachments": map[string]any{"local": map[string]any{"parent": "eth0"}}}
}

// meeting is two configurations of one node.
type meeting struct {
	*testing.T
	name, root string
	engine     *client.Client
	both       [2]*acctest.Configuration
	before     []string // what the first one has
}

// actor is one of the two.
type actor int

func (a actor) of(m *meeting, kind string) *acctest.Configuration {
	if m.both[a] == nil {
		m.both[a] = acctest.NewConfiguration(labtest.Host(m), kind)
	}
	return m.both[a]
}

func (a actor) run(m *meeting, kind string, attributes map[string]any) acctest.Outcome {
	m.Helper()
	var given map[string]any
	if attributes != nil {
		given = m.named(attributes).(map[string]any)
	}
	out, err := a.of(m, kind).Apply(m.Context(), given)
	if err != nil {
		m.Fatal(err)
	}
	return out
}

// has applies without a word against it, and remembers what is there then.
func (a actor) has(kind string, attributes map[string]any) func(*meeting) {
	return func(m *meeting) {
		m.Helper()
		if out := a.run(m, kind, attributes); out.Refused+out.Failed != "" {
			m.Fatalf("refused: %s\nfailed: %s", out.Refused, out.Failed)
		}
		m.mark()
		m.before = m.everything()
	}
}

// refused is not planned, in these words.
func (a actor) refused(kind string, attributes map[string]any, words string) func(*meeting) {
	return func(m *meeting) {
		m.Helper()
		if out := a.run(m, kind, attributes); !m.matches(words, out.Refused) {
			m.Errorf("no %q in:\n%s\nplan:\n%s\nfailed: %s", words, out.Refused, out.Plan, out.Failed)
		}
		m.holds()
	}
}

// declined is planned with these words, as what is there may go in the same run, and
// not applied, in these words.
func (a actor) declined(kind string, attributes map[string]any, words string) func(*meeting) {
	return func(m *meeting) {
		m.Helper()
		out := a.run(m, kind, attributes)
		if !m.matches(words, out.Plan) || !m.matches(words, out.Failed) {
			m.Errorf("no %q in both of:\n%s\nfailed: %s\nrefused: %s", words, out.Plan, out.Failed, out.Refused)
		}
		m.holds()
	}
}

// warned is planned with these words.
func (a actor) warned(kind string, attributes map[string]any, words string) func(*meeting) {
	return func(m *meeting) {
		m.Helper()
		out, err := a.of(m, kind).Plan(m.Context(), m.named(attributes).(map[string]any))
		if err != nil || !m.matches(words, out.Plan) {
			m.Errorf("no %q in:\n%s\nrefused: %s (%v)", words, out.Plan, out.Refused, err)
		}
		m.holds()
	}
}

// says is applied after a plan with these words.
func (a actor) says(kind string, attributes map[string]any, words string) func(*meeting) {
	return func(m *meeting) {
		m.Helper()
		out := a.run(m, kind, attributes)
		if out.Refused+out.Failed != "" {
			m.Fatalf("refused: %s\nfailed: %s", out.Refused, out.Failed)
		}
		if !m.matches(words, out.Plan) {
			m.Errorf("no %q in:\n%s", words, out.Plan)
		}
		m.holds()
	}
}

// goes destroys.
func (a actor) goes() func(*meeting) {
	return func(m *meeting) {
		m.Helper()
		if a == 0 { // what is its own goes, except data and what else stays by default
			m.before = slices.DeleteFunc(m.before, func(line string) bool {
				return !strings.HasPrefix(line, "volume ") && !strings.HasPrefix(line, "file ")
			})
		}
		if out := a.run(m, "", nil); out.Refused+out.Failed != "" {
			m.Fatalf("refused: %s\nfailed: %s", out.Refused, out.Failed)
		}
		m.holds()
	}
}

func (a actor) cannotGo(words string) func(*meeting) {
	return func(m *meeting) {
		m.Helper()
		if out := a.run(m, "", nil); !m.matches(words, out.Refused+out.Failed) {
			m.Errorf("no %q in:\n%+v", words, out)
		}
		m.holds()
	}
}

// loses loses the state, and takes imports.
func (a actor) loses() func(*meeting) {
	return func(m *meeting) { m.both[a].Lose() }
}

func (a actor) takes(kind, id string) func(*meeting) {
	return func(m *meeting) {
		m.Helper()
		refused, err := a.of(m, kind).Import(m.Context(), strings.ReplaceAll(id, "NAME", m.name))
		if err != nil || refused != "" {
			m.Fatal(refused, err)
		}
		m.holds()
	}
}

// forgets gives up what the first one has: what comes was said.
func (a actor) forgets() func(*meeting) { return func(m *meeting) { m.before = nil } }

// nothing was left of the other one, and what is there stays.
func (a actor) nothing() func(*meeting) {
	return func(m *meeting) {
		m.Helper()
		if now := m.everything(); !slices.Equal(now, m.before) {
			m.Errorf("before:\n%s\nnow:\n%s", strings.Join(m.before, "\n"), strings.Join(now, "\n"))
		}
	}
}

func (a actor) stays() func(*meeting) { return func(m *meeting) { m.Helper(); m.holds() } }

func stopped() func(*meeting) {
	return func(m *meeting) {
		if err := m.engine.ContainerStop(m.Context(), m.name+"-web-1", container.StopOptions{}); err != nil {
			m.Fatal(err)
		}
		m.before = m.everything()
	}
}

// holds requires that all of the first one's is there as it was.
func (m *meeting) holds() {
	m.Helper()
	now := m.everything()
	for _, line := range m.before {
		if !slices.Contains(now, line) {
			m.Errorf("gone: %s\nnow:\n%s", line, strings.Join(now, "\n"))
		}
	}
}

func (m *meeting) matches(words, text string) bool {
	return regexp.MustCompile(`(?s)` + strings.ReplaceAll(words, "NAME", m.name)).MatchString(text)
}

// named gives values the test's own name.
func (m *meeting) named(value any) any {
	switch value := value.(type) {
	case string:
		return strings.ReplaceAll(value, "NAME", m.name)
	case map[string]any:
		out := map[string]any{}
		for key, one := range value {
			out[strings.ReplaceAll(key, "NAME", m.name)] = m.named(one)
		}
		return out
	default:
		return value
	}
}

// mark writes data into the stack's volume.
func (m *meeting) mark() {
	if v, err := m.engine.VolumeInspect(m.Context(), m.name+"_data"); err == nil {
		if err := os.WriteFile(filepath.Join(m.root, v.Mountpoint, "marker"), []byte(m.name), 0o600); err != nil {
			m.Fatal(err)
		}
	}
}

// everything is what the node has under the test's name.
func (m *meeting) everything() []string {
	m.Helper()
	var lines []string
	containers, err := m.engine.ContainerList(m.Context(), container.ListOptions{All: true})
	for _, c := range containers {
		lines = append(lines, fmt.Sprintf("container %s %s %s", c.Names[0], c.ID, c.State))
	}
	list, more := m.engine.NetworkList(m.Context(), network.ListOptions{})
	for _, n := range list {
		lines = append(lines, fmt.Sprintf("network %s %s", n.Name, n.ID))
	}
	volumes, most := m.engine.VolumeList(m.Context(), volume.ListOptions{})
	if err != nil || more != nil || most != nil {
		m.Fatal(err, more, most)
	}
	for _, v := range volumes.Volumes {
		lines = append(lines, fmt.Sprintf("volume %s %s", v.Name, v.CreatedAt))
		for _, file := range []string{"marker", "content"} {
			if content, err := os.ReadFile(filepath.Join(m.root, v.Mountpoint, file)); err == nil {
				lines = append(lines, fmt.Sprintf("file %s %s %s", v.Name, file, content))
			}
		}
	}
	if info, err := os.Stat(filepath.Join(m.root, "srv", m.name)); err == nil {
		owner := info.Sys().(*syscall.Stat_t)
		lines = append(lines, fmt.Sprintf("file /srv/%s %d %d %v", m.name, owner.Uid, owner.Gid, info.Mode()&fs.ModePerm))
	}
	lines = slices.DeleteFunc(lines, func(line string) bool { return !strings.Contains(line, m.name) })
	slices.Sort(lines)
	return lines
}
