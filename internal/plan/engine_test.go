package plan_test

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/volume"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
)

// engine is a small model of an engine: enough of what one refuses (names and
// ports in use, networks with endpoints, volumes that are mounted) to tell
// whether the order of a plan's operations holds.
type engine struct {
	containers map[string]*box
	networks   map[string]network.Summary
	volumes    map[string]volume.Volume
	filled     map[string]bool // delivered volumes
	images     map[string]observed.Image
	registry   map[string]observed.Image // what a pull gives
	scratch    []string
	count      int
	// oldAPI makes a container join its further networks one by one.
	oldAPI bool
}

// box is one container.
type box struct {
	observed.Container

	ports  []string
	mounts []string // volumes
	parent string   // ID of the container that it holds on to
	holds  string   // the field that says so
	order  int
}

func newEngine() *engine {
	return &engine{containers: map[string]*box{}, networks: map[string]network.Summary{}, volumes: map[string]volume.Volume{},
		filled: map[string]bool{}, images: map[string]observed.Image{}, registry: map[string]observed.Image{}}
}

func (e *engine) clone() *engine {
	c := *e
	c.containers = map[string]*box{}
	for id, b := range e.containers {
		one := *b
		one.Spec, one.NetworkIDs = maps.Clone(b.Spec), maps.Clone(b.NetworkIDs)
		c.containers[id] = &one
	}
	c.networks, c.volumes, c.filled = maps.Clone(e.networks), maps.Clone(e.volumes), maps.Clone(e.filled)
	c.images, c.scratch = maps.Clone(e.images), slices.Clone(e.scratch)
	return &c
}

// newID makes IDs in whose first 12 digits nothing can be told but identity.
func (e *engine) newID() string {
	e.count++
	return fmt.Sprintf("%012x%052x", e.count*7919%0xffffff, e.count)
}

// observe is what package observed would make of the engine.
func (e *engine) observe(stack string) *observed.Stack {
	s := &observed.Stack{Name: stack, Services: map[string][]observed.Container{}, Networks: maps.Clone(e.networks), Volumes: maps.Clone(e.volumes),
		Images: maps.Clone(e.images), Names: map[string]string{}, Containers: map[string]observed.Holder{}, Ports: map[string]observed.Holder{}, Scratch: slices.Clone(e.scratch), APIVersion: "1.47"}
	for _, id := range slices.Sorted(maps.Keys(e.containers)) {
		b := e.containers[id]
		c := b.Container
		c.Spec = maps.Clone(b.Spec)
		if b.parent != "" {
			c.Shares = []string{b.parent}
			c.Spec[b.holds] = "container:" + b.parent
			if p := e.containers[b.parent]; p != nil {
				c.Spec[b.holds] = "service:" + p.Service
			}
		}
		s.Services[c.Service] = append(s.Services[c.Service], c)
		s.Names[c.Name] = id
		s.Containers[id] = observed.Holder{Container: c.Name, Stack: stack, Service: c.Service, Owned: true}
		s.Owned = true
		if b.Up() {
			for _, port := range b.ports {
				s.Ports[port] = observed.Holder{Container: c.Name, Stack: stack, Service: c.Service}
			}
		}
	}
	for _, n := range e.networks {
		s.Owned = s.Owned || n.Labels[desired.LabelStack] == stack
	}
	for _, list := range s.Services {
		sort.SliceStable(list, func(i, j int) bool {
			switch a, b := &list[i], &list[j]; {
			case a.Number != b.Number:
				return a.Number < b.Number
			case a.Up() != b.Up():
				return a.Up()
			default:
				return a.Created.After(b.Created)
			}
		})
	}
	return s
}

// settle lets time pass: what was starting is up, what was to end has ended.
func (e *engine) settle(want *desired.Stack) {
	jobs := plan.Jobs(want)
	for _, b := range e.containers {
		switch {
		case b.Up() && jobs[b.Service] && b.State != observed.Restarting:
			b.State, b.ExitCode = observed.Exited, 0
		case b.State == observed.Starting:
			b.State = observed.Healthy
		}
	}
}

// execution is one plan being carried out.
type execution struct {
	*engine
	want    *desired.Stack
	plan    *plan.Plan
	created map[string]string
}

func (x *execution) target(op *plan.Operation) (*box, error) {
	id := op.Container
	if id == "" {
		id = x.created[op.Service+"/"+strconv.Itoa(op.Number)]
	}
	if b := x.containers[id]; b != nil {
		return b, nil
	}
	return nil, fmt.Errorf("no such container %q", id)
}

// do carries out one operation; half leaves it as a crash in its middle would.
func (x *execution) do(op *plan.Operation, half bool) error {
	switch op.Kind {
	case plan.PullImage:
		return x.pull(op)
	case plan.RetagImage:
		img, ok := x.images[op.Image]
		if !ok {
			return fmt.Errorf("no such image")
		}
		x.images[op.Name] = img
		return nil
	case plan.BuildImage:
		hash := x.want.Services[op.Service].Image.Build.Hash
		img := observed.Image{ID: "sha256:from-" + hash, Labels: map[string]string{desired.LabelBuildHash: hash}}
		x.images[op.Name], x.images[img.ID] = img, img
		return nil
	case plan.CreateNetwork:
		return x.createNetwork(op)
	case plan.RemoveNetwork:
		return x.removeNetwork(op)
	case plan.CreateVolume:
		return x.createVolume(op)
	case plan.RemoveVolume:
		return x.removeVolume(op)
	case plan.DeliverFiles:
		return x.deliver(op, half)
	case plan.CreateContainer:
		return x.createContainer(op, half)
	case plan.RemoveContainer:
		return x.removeContainer(op)
	}
	b, err := x.target(op)
	if err != nil {
		return err
	}
	return x.change(op, b)
}

func (x *execution) pull(op *plan.Operation) error {
	img, ok := x.registry[op.Name]
	if !ok {
		return fmt.Errorf("no such image")
	}
	x.images[op.Name], x.images[img.ID] = img, img
	return nil
}

func (x *execution) createNetwork(op *plan.Operation) error {
	if _, ok := x.networks[op.Name]; ok {
		return fmt.Errorf("network exists")
	}
	for key, n := range x.want.Networks {
		if n.Name != op.Name {
			continue
		}
		made := network.Summary{ID: x.newID(), Name: op.Name, Driver: "bridge", Internal: n.Internal, Options: n.Options,
			Labels: map[string]string{desired.LabelProject: x.want.Name, desired.LabelStack: x.want.Name, desired.LabelNetwork: key}}
		if n.IPAM != nil {
			made.IPAM = *n.IPAM
		}
		x.networks[op.Name] = made
		return x.poolFree(made)
	}
	return fmt.Errorf("network is not declared")
}

// poolFree refuses ranges that another network has.
func (x *execution) poolFree(made network.Summary) error {
	for _, config := range made.IPAM.Config {
		for name, other := range x.networks {
			for _, taken := range other.IPAM.Config {
				if name != made.Name && netip.MustParsePrefix(config.Subnet).Overlaps(netip.MustParsePrefix(taken.Subnet)) {
					return fmt.Errorf("pool of %s overlaps with that of %s", made.Name, other.Name)
				}
			}
		}
	}
	return nil
}

// addressesFree refuses fixed addresses that another container has, on the named
// networks.
func (x *execution) addressesFree(b *box, on ...string) error {
	for _, name := range on {
		if text := b.Spec["networks."+name+".ipv4_address"]; !x.addressFree(name, text, b) {
			return fmt.Errorf("address %s of %s is in use", text, b.Name)
		}
	}
	return nil
}

// addressFree reports whether no container but the named ones has an address.
func (e *engine) addressFree(on, text string, but ...*box) bool {
	for _, b := range e.containers {
		_, joined := b.NetworkIDs[on]
		if joined && (b.Up() || b.State == observed.Paused) && b.Spec["networks."+on+".ipv4_address"] == text && text != "" && !slices.Contains(but, b) {
			return false
		}
	}
	return true
}

func (x *execution) removeNetwork(op *plan.Operation) error {
	for _, b := range x.containers {
		if _, joined := b.NetworkIDs[op.Name]; joined && (b.Up() || b.State == observed.Paused) && b.NetworkIDs[op.Name] == x.networks[op.Name].ID {
			return fmt.Errorf("network has active endpoints: %s", b.Name)
		}
	}
	delete(x.networks, op.Name)
	return nil
}

func (x *execution) createVolume(op *plan.Operation) error {
	if _, ok := x.volumes[op.Name]; ok {
		return fmt.Errorf("volume exists")
	}
	labels := map[string]string{desired.LabelStack: x.want.Name}
	if f := op.File; f != nil {
		labels[desired.LabelFile], labels[desired.LabelFileName] = string(f.File.Kind), f.File.Name
		if f.File.Digest != "" {
			labels[desired.LabelFileDigest] = f.File.Digest
		} else {
			labels[desired.LabelSecretCheck] = string(checkOf(string(plan.SecretContent(f.File))))
			labels[desired.LabelFileOwner], labels[desired.LabelFileVersion] = plan.SecretOwner(f.File), strconv.Itoa(f.Version)
		}
	} else {
		labels[desired.LabelProject], labels[desired.LabelVolume] = x.want.Name, op.Name
	}
	x.volumes[op.Name] = volume.Volume{Name: op.Name, Driver: "local", Labels: labels}
	return nil
}

// checkOf makes each secret's check once: they are slow on purpose.
func checkOf(value string) desired.SecretCheck {
	once, _ := checks.LoadOrStore(value, sync.OnceValue(func() desired.SecretCheck {
		check, err := desired.NewSecretCheck([]byte(value))
		if err != nil {
			panic(err)
		}
		return check
	}))
	return once.(func() desired.SecretCheck)()
}

var checks sync.Map // value -> func() desired.SecretCheck

func (x *execution) removeVolume(op *plan.Operation) error {
	for _, b := range x.containers {
		if slices.Contains(b.mounts, op.Name) {
			return fmt.Errorf("volume is in use by %s", b.Name)
		}
	}
	delete(x.volumes, op.Name)
	delete(x.filled, op.Name)
	return nil
}

func (x *execution) deliver(op *plan.Operation, half bool) error {
	if _, ok := x.volumes[op.Name]; !ok {
		return fmt.Errorf("no such volume")
	}
	for _, b := range x.containers {
		if slices.Contains(b.mounts, op.Name) {
			return fmt.Errorf("files change under %s", b.Name)
		}
	}
	if half {
		x.scratch = append(x.scratch, x.newID())
		return nil
	}
	x.filled[op.Name] = true
	return nil
}

func (x *execution) createContainer(op *plan.Operation, half bool) error {
	s := x.want.Services[op.Service]
	img, ok := x.images[s.Image.Reference]
	if !ok {
		return fmt.Errorf("no such image %s", s.Image.Reference)
	}
	if err := x.nameFree(op.Name); err != nil {
		return err
	}
	b := &box{order: x.count}
	b.Container = observed.Container{ID: x.newID(), Name: op.Name, Service: op.Service, Number: op.Number, State: observed.Created,
		Image: s.Image.Reference, ImageID: img.ID, FileVolumes: map[string]string{}, NetworkIDs: map[string]string{},
		Created: time.Unix(int64(x.count), 0), HasHealthcheck: s.Config.Healthcheck != nil || img.HasHealthcheck, Labels: map[string]string{
			desired.LabelProject: x.want.Name, desired.LabelStack: x.want.Name, desired.LabelService: op.Service,
			desired.LabelSpecHash: s.Hash(), desired.LabelConfigHash: s.ComposeHash.Sum(nil), desired.LabelSecretVersion: strconv.Itoa(op.SecretVersion), desired.LabelDependsOn: s.DependsOnLabel}}
	b.Spec = s.Spec(nil)
	delete(b.Spec, "build")
	if hash := img.Labels[desired.LabelBuildHash]; hash != "" {
		b.Spec["build"] = hash
	}
	for _, step := range []func(*box, *desired.Service, *plan.Operation, bool) error{x.mount, x.join, x.share} {
		if err := step(b, &s, op, half); err != nil {
			return err
		}
	}
	for port, bindings := range s.Host.PortBindings {
		for _, binding := range bindings {
			b.ports = append(b.ports, "0.0.0.0:"+binding.HostPort+"/"+port.Proto())
		}
	}
	x.containers[b.ID] = b
	x.created[op.Service+"/"+strconv.Itoa(op.Number)] = b.ID
	return nil
}

func (x *execution) mount(b *box, s *desired.Service, _ *plan.Operation, _ bool) error {
	for _, f := range s.Files {
		p := x.plan.Placements[s.Name][f.Target]
		labels := x.volumes[p.Volume].Labels
		if !x.filled[p.Volume] {
			return fmt.Errorf("volume %s is not filled", p.Volume)
		}
		value := labels[desired.LabelFileDigest]
		if value == "" {
			version, _ := strconv.Atoi(labels[desired.LabelFileVersion])
			value = desired.SecretVersion(version)
		}
		b.Spec[string(f.Kind)+"."+f.Target] = value
		b.FileVolumes[f.Target] = p.Volume
		b.mounts = append(b.mounts, p.Volume)
	}
	for _, m := range s.Mounts {
		if m.Type == desired.MountBind {
			continue
		}
		if _, ok := x.volumes[m.Source]; !ok {
			return fmt.Errorf("no such volume %s", m.Source)
		}
		b.mounts = append(b.mounts, m.Source)
	}
	return nil
}

// join attaches a container; a crash between the requests that old engines
// need leaves all networks but one out.
func (x *execution) join(b *box, s *desired.Service, _ *plan.Operation, half bool) error {
	for i, a := range s.Networks {
		n, ok := x.networks[a.Network]
		if !ok {
			return fmt.Errorf("no such network %s", a.Network)
		}
		if i > 0 && half && x.oldAPI {
			delete(b.Spec, "networks."+a.Network)
			continue
		}
		b.NetworkIDs[a.Network] = n.ID
	}
	return nil
}

func (x *execution) share(b *box, s *desired.Service, op *plan.Operation, _ bool) error {
	for _, share := range s.Shares() { // one at most, in the stacks of these tests
		b.holds, b.parent = share.Field, x.created[share.Service+"/1"]
		if b.parent == "" {
			b.parent = op.Parents[share.Service]
		}
		if x.containers[b.parent] == nil {
			return fmt.Errorf("no container of %s to share", share.Service)
		}
	}
	return nil
}

func (x *execution) nameFree(name string) error {
	for _, b := range x.containers {
		if b.Name == name {
			return fmt.Errorf("name %s is in use", name)
		}
	}
	return nil
}

func (x *execution) removeContainer(op *plan.Operation) error {
	if i := slices.Index(x.scratch, op.Container); i >= 0 {
		x.scratch = slices.Delete(x.scratch, i, i+1)
		return nil
	}
	if _, ok := x.containers[op.Container]; !ok {
		return fmt.Errorf("no such container")
	}
	delete(x.containers, op.Container)
	return nil
}

// change carries out what acts on a container that exists.
func (x *execution) change(op *plan.Operation, b *box) error {
	switch op.Kind {
	case plan.StopContainer:
		if b.Up() || b.State == observed.Paused {
			b.State, b.ExitCode = observed.Exited, 143
		}
	case plan.RenameContainer:
		if err := x.nameFree(op.Name); err != nil {
			return err
		}
		b.Name = op.Name
	case plan.ConnectContainer:
		return x.connect(op, b)
	case plan.DisconnectContainer:
		if _, joined := b.NetworkIDs[op.Network]; !joined {
			return fmt.Errorf("%s is not connected to %s", b.Name, op.Network)
		}
		delete(b.NetworkIDs, op.Network)
		b.forgetNetwork(op.Network)
	case plan.UpdateContainer:
		return x.update(op, b)
	case plan.UnpauseContainer:
		b.State = observed.Running
		if b.HasHealthcheck {
			b.State = observed.Starting
		}
	case plan.StartContainer, plan.RestartContainer:
		return x.start(b)
	case plan.AwaitContainer:
		return x.await(op, b)
	}
	return nil
}

// start refuses what an engine refuses, and what the dependencies forbid.
func (x *execution) start(b *box) error {
	if b.State == observed.Paused {
		return fmt.Errorf("%s is paused", b.Name)
	}
	for _, port := range b.ports {
		for _, other := range x.containers {
			if other != b && (other.Up() || other.State == observed.Paused) && slices.Contains(other.ports, port) {
				return fmt.Errorf("port %s is already allocated by %s", port, other.Name)
			}
		}
	}
	for name, id := range b.NetworkIDs {
		if n, exists := x.networks[name]; !exists || id != "" && n.ID != id { // one that never ran finds it by name
			return fmt.Errorf("network %s of %s not found", name, b.Name)
		}
	}
	if err := x.addressesFree(b, slices.Collect(maps.Keys(b.NetworkIDs))...); err != nil {
		return err
	}
	if p := x.containers[b.parent]; b.parent != "" && (p == nil || !p.Up()) {
		return fmt.Errorf("%s shares a container that does not run", b.Name)
	}
	for name, dep := range x.want.Services[b.Service].Dependencies {
		for number := 1; number <= x.want.Services[name].Replicas; number++ {
			if !x.arrived(name, number, dep.Condition) {
				return fmt.Errorf("%s starts before %s/%d is %s", b.Name, name, number, dep.Condition)
			}
		}
	}
	b.State, b.ExitCode = observed.Running, 0
	if b.HasHealthcheck {
		b.State = observed.Starting
	}
	return nil
}

func (x *execution) arrived(service string, number int, condition desired.Condition) bool {
	for _, b := range x.containers {
		if b.Service != service || b.Number != number {
			continue
		}
		switch {
		case condition == desired.Completed && b.State == observed.Exited && b.ExitCode == 0,
			condition == desired.Healthy && b.State == observed.Healthy,
			condition == desired.Started && (b.Up() || b.State == observed.Exited && b.ExitCode == 0):
			return true
		}
	}
	return false
}

func (x *execution) await(op *plan.Operation, b *box) error {
	switch {
	case op.Await == plan.AwaitCompleted && b.State == observed.Exited && b.ExitCode == 0:
	case op.Await == plan.AwaitRunningOrDone && b.State == observed.Exited && b.ExitCode == 0:
	case b.State == observed.Created, b.State == observed.Exited, b.State == observed.Dead, b.State == observed.Unhealthy:
		return fmt.Errorf("%s never arrives: it is %s", b.Name, b.State)
	case op.Await == plan.AwaitCompleted:
		b.State, b.ExitCode = observed.Exited, 0
	case b.State == observed.Starting:
		b.State = observed.Healthy
	}
	return nil
}

// fingerprint says what exists, without what differs from run to run, and fails
// on what must not be left: a wrong name, a dangling attachment, files nobody
// mounts.
func (e *engine) fingerprint() string {
	var lines []string
	mounted := map[string]bool{}
	for _, b := range e.containers {
		spec := maps.Clone(b.Spec)
		shares := ""
		if b.parent != "" {
			shares = "a container that is gone"
			if p := e.containers[b.parent]; p != nil {
				shares = p.Name
			}
		}
		for _, vol := range b.mounts {
			mounted[vol] = true
		}
		lines = append(lines, fmt.Sprintf("container %s %s/%d %s exit=%d image=%s shares=%q spec=%v", b.Name, b.Service, b.Number, b.State, b.ExitCode,
			b.ImageID, shares, spec))
		for name, id := range b.NetworkIDs {
			lines = append(lines, fmt.Sprintf("container %s on %s, current=%t", b.Name, name, e.networks[name].ID == id))
		}
	}
	for _, n := range e.networks {
		lines = append(lines, fmt.Sprintf("network %s internal=%t", n.Name, n.Internal))
	}
	for _, v := range e.volumes {
		if v.Labels[desired.LabelFile] != "" && !mounted[v.Name] {
			lines = append(lines, "unused files "+v.Name)
		} else {
			lines = append(lines, "volume "+v.Name)
		}
	}
	for range e.scratch {
		lines = append(lines, "scratch container")
	}
	sort.Strings(lines)
	return strings.Join(lines, "\n")
}
