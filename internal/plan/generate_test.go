package plan_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/netip"
	"slices"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/go-connections/nat"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
)

// gene is what one random service is made of.
type gene struct {
	name, image    string
	replicas       int
	containerName  string // empty: none
	address        string // on the first network; empty: none
	env            map[string]string
	port           string
	networks       []string
	volume, config string // empty: none
	secretEnv      string
	memory, pids   int64
	alias          string
	startFirst     bool
	hook           string
	checked        bool
	restart        string // empty: not written
	pull           desired.PullPolicy
	buildHash      string
	shares         string
	deps           map[string]desired.Dependency
}

// genome is what one random stack is made of; services come after what they
// depend on.
type genome struct {
	services []gene
	internal map[string]bool   // networks
	pools    map[string]string // of networks that have one
}

func pick[T any](r *rand.Rand, list ...T) T { return list[r.IntN(len(list))] }

func chance(r *rand.Rand, percent int) bool { return r.IntN(100) < percent }

func randomGenome(r *rand.Rand) *genome {
	g := &genome{internal: map[string]bool{}, pools: map[string]string{}}
	for _, name := range []string{"default", "back", "front"} {
		g.internal[name], g.pools[name] = chance(r, 30), pick(r, "", "10.0.1.0/24", "10.0.2.0/24", "10.0.0.0/16")
	}
	names := []string{"app", "db", "cache", "proxy", "worker", "vpn"}
	r.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	for _, name := range names[:1+r.IntN(len(names))] {
		g.services = append(g.services, g.randomGene(r, name, g.services))
	}
	return g
}

func (g *genome) randomGene(r *rand.Rand, name string, before []gene) gene {
	s := gene{name: name, image: pick(r, "alpine:1", "alpine:2", "nginx:1"), replicas: pick(r, 1, 1, 1, 1, 2, 3, 0), env: map[string]string{},
		checked: chance(r, 40), restart: pick(r, "", "", "no", "unless-stopped"), deps: map[string]desired.Dependency{},
		pull: pick(r, desired.PullMissing, desired.PullMissing, desired.PullDigest)}
	for _, key := range []string{"A", "B"} {
		if chance(r, 50) {
			s.env[key] = pick(r, "1", "2")
		}
	}
	for _, n := range []string{"default", "back", "front"} {
		if chance(r, 50) {
			s.networks = append(s.networks, n)
		}
	}
	s.containerName, s.address = pick(r, "", "", "", "the-"+name, "one", "two", stackName+"-db-1"), pick(r, "", "", "5", "6")
	s.startFirst, s.hook = chance(r, 40), pick(r, "", "", "", "one", "two")
	s.volume, s.config = pick(r, "", "", "data"), pick(r, "", "", "one", "two")
	if chance(r, 40) {
		s.port = pick(r, "80", "81", "82", "83")
	}
	if chance(r, 15) {
		s.buildHash = pick(r, "sha256:build1", "sha256:build2")
	}
	s.secretEnv = pick(r, "", "", "hunter2", "swordfish")
	s.memory, s.pids, s.alias = pick[int64](r, 0, 0, 64<<20, 128<<20), pick[int64](r, 0, 0, 100), pick(r, "", "", "portal", "gate")
	for _, earlier := range before {
		if chance(r, 35) {
			s.deps[earlier.name] = desired.Dependency{Restart: chance(r, 20), Required: true,
				Condition: pick(r, desired.Started, desired.Healthy, desired.Completed)}
		}
		if chance(r, 12) {
			s.shares = earlier.name
		}
	}
	return s
}

// mutate changes some of the services, and names those it touched.
func (g *genome) mutate(r *rand.Rand) *genome {
	m := &genome{internal: maps.Clone(g.internal), pools: maps.Clone(g.pools), services: slices.Clone(g.services)}
	for range pick(r, 0, 1, 1, 2, 3) {
		if len(m.services) == 0 {
			break
		}
		i := r.IntN(len(m.services))
		fresh := m.randomGene(r, m.services[i].name, m.services[:i])
		s := &m.services[i]
		switch r.IntN(16) {
		case 0:
			s.env = fresh.env
		case 1:
			s.image = fresh.image
		case 2:
			s.replicas = fresh.replicas
		case 3:
			s.networks = fresh.networks
		case 4:
			s.config, s.volume = fresh.config, fresh.volume
		case 5:
			j := r.IntN(len(m.services))
			s.port, m.services[j].port = m.services[j].port, s.port
		case 6:
			s.containerName, s.checked, s.startFirst, s.hook = fresh.containerName, fresh.checked, fresh.startFirst, fresh.hook
		case 7:
			s.deps, s.shares = fresh.deps, fresh.shares
		case 8:
			s.secretEnv, s.buildHash = fresh.secretEnv, fresh.buildHash
		case 9:
			m.services = slices.Delete(m.services, i, i+1)
		case 10:
			*s = fresh
		case 11:
			n := pick(r, "default", "back", "front")
			m.internal[n] = !m.internal[n]
		case 12:
			s.memory, s.pids, s.alias = fresh.memory, fresh.pids, fresh.alias
		case 13: // what only one can have changes hands
			other := &m.services[r.IntN(len(m.services))]
			s.containerName, other.containerName = other.containerName, s.containerName
			s.address, other.address = other.address, s.address
		case 14:
			one, other := pick(r, "default", "back", "front"), pick(r, "default", "back", "front")
			m.pools[one], m.pools[other] = m.pools[other], m.pools[one]
		case 15:
			m.renameService(i)
		}
	}
	return m
}

// renameService gives a service a name that none has, and keeps all else it has.
func (g *genome) renameService(i int) {
	old := g.services[i].name
	g.services[i].name = "new" + old
	for j := range g.services {
		s := &g.services[j]
		if s.deps = maps.Clone(s.deps); s.shares == old {
			s.shares = g.services[i].name
		}
		if dep, depends := s.deps[old]; depends {
			delete(s.deps, old)
			s.deps[g.services[i].name] = dep
		}
	}
}

const stackName = "home"

// stack writes the genome as what should exist, leaving out what makes no
// sense, which compose would refuse.
func (g *genome) stack(registry map[string]observed.Image) *desired.Stack {
	w := &desired.Stack{Name: stackName, Services: map[string]desired.Service{}, Networks: map[string]desired.Network{}, Volumes: map[string]desired.Volume{}}
	ports := map[string]bool{}
	checked := map[string]bool{}
	for _, s := range g.services {
		service := desired.Service{Name: s.name, Replicas: s.replicas, Dependencies: map[string]desired.Dependency{}, Secret: map[string][]string{},
			Image: desired.Image{Reference: s.image, Pull: s.pull}}
		if s.replicas <= 1 {
			service.ContainerName = s.containerName
		}
		g.express(&s, &service, w)
		for name, dep := range s.deps {
			if _, exists := w.Services[name]; exists {
				if dep.Condition == desired.Healthy && !checked[name] {
					dep.Condition = desired.Started
				}
				service.Dependencies[name] = dep
			}
		}
		if parent, ok := w.Services[s.shares]; ok && parent.Replicas > 0 {
			service.Host.NetworkMode, service.Networks = container.NetworkMode("service:"+s.shares), nil
			service.Dependencies[s.shares] = desired.Dependency{Condition: desired.Started, Restart: true, Required: true}
			parent.RestartExplicit = false // one that has ended cannot be shared
			w.Services[s.shares] = parent
		} else if s.port != "" && s.replicas == 1 && !ports[s.port] {
			ports[s.port] = true
			service.Host.PortBindings = nat.PortMap{"80/tcp": {{HostPort: s.port}}}
		}
		if s.buildHash != "" {
			service.Image = desired.Image{Reference: stackName + "-" + s.name, Pull: desired.PullMissing, Build: &desired.Build{Hash: s.buildHash}}
		}
		if service.Image.Pull == desired.PullDigest {
			service.Image.Digest = registry[s.image].Digest
		}
		service.ComposeHash = desired.NewComposeHash(fmt.Sprint(s))
		checked[s.name] = s.checked
		w.Services[s.name] = service
	}
	g.oneWord(w)
	onlyOnes(w)
	return w
}

// oneWord makes those who wait for a service to complete the only ones who
// wait for it, and shares nothing with what ends.
func (g *genome) oneWord(w *desired.Stack) {
	jobs := map[string]bool{}
	for _, s := range w.Services {
		for name, dep := range s.Dependencies {
			jobs[name] = jobs[name] || dep.Condition == desired.Completed
		}
	}
	for _, name := range slices.Sorted(maps.Keys(w.Services)) {
		s := w.Services[name]
		for dep, how := range s.Dependencies {
			if !jobs[dep] {
				continue
			}
			how.Condition = desired.Completed
			s.Dependencies[dep] = how
			if string(s.Host.NetworkMode) == "service:"+dep {
				s.Host.NetworkMode = "none"
			}
		}
		if jobs[name] {
			s.Config.Healthcheck = nil
		}
		w.Services[name] = s
	}
}

// onlyOnes leaves each name, address and range of addresses to the first that asks
// for it.
func onlyOnes(w *desired.Stack) {
	names, addresses := map[string]bool{}, map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(w.Services)) {
		names[fmt.Sprintf("%s-%s-1", w.Name, name)] = true
	}
	for _, name := range slices.Sorted(maps.Keys(w.Services)) {
		s := w.Services[name]
		if names[s.ContainerName] {
			s.ContainerName = ""
		}
		names[s.ContainerName] = s.ContainerName != ""
		for i := range s.Networks {
			a := &s.Networks[i]
			if a.Settings.IPAMConfig == nil {
				continue
			}
			if key := a.Network + a.Settings.IPAMConfig.IPv4Address; addresses[key] || s.Replicas > 1 {
				a.Settings.IPAMConfig = nil
			} else {
				addresses[key] = true
			}
		}
		w.Services[name] = s
	}
	var ranges []netip.Prefix
	for _, key := range slices.Sorted(maps.Keys(w.Networks)) {
		n := w.Networks[key]
		if n.IPAM == nil {
			continue
		}
		pool := netip.MustParsePrefix(n.IPAM.Config[0].Subnet)
		if slices.ContainsFunc(ranges, pool.Overlaps) {
			n.IPAM = nil
			w.Networks[key] = n
		} else {
			ranges = append(ranges, pool)
		}
	}
}

// express writes the fields that depend on nothing else.
func (g *genome) express(s *gene, service *desired.Service, w *desired.Stack) {
	for _, key := range slices.Sorted(maps.Keys(s.env)) {
		service.Config.Env = append(service.Config.Env, key+"="+s.env[key])
	}
	if s.secretEnv != "" {
		service.Config.Env = append(service.Config.Env, "PW="+s.secretEnv)
		service.Secret["environment.PW"] = []string{"PW"}
	}
	if s.checked {
		service.Config.Healthcheck = &container.HealthConfig{Test: []string{"CMD", "true"}}
	}
	service.Host.Memory = s.memory
	if s.startFirst {
		service.UpdateOrder = desired.StartFirst
	}
	if s.hook != "" {
		service.Hooks = &desired.Hooks{PostStart: []desired.Hook{{Command: []string{s.hook}}}}
	}
	if s.pids != 0 {
		service.Host.PidsLimit = &s.pids
	}
	if s.restart != "" {
		service.RestartExplicit, service.Host.RestartPolicy.Name = true, container.RestartPolicyMode(s.restart)
	}
	for i, key := range s.networks {
		name := stackName + "_" + key
		declared := desired.Network{Key: key, Name: name, Internal: g.internal[key]}
		if pool := g.pools[key]; pool != "" {
			declared.IPAM = &network.IPAM{Config: []network.IPAMConfig{{Subnet: pool}}}
		}
		w.Networks[key] = declared
		attachment := desired.Attachment{Network: name}
		if i == 0 && s.address != "" {
			attachment.Settings.IPAMConfig = &network.EndpointIPAMConfig{IPv4Address: "10.0.9." + s.address} // in no range: the model does not look
		}
		if s.alias != "" {
			attachment.Settings.Aliases = []string{s.alias}
		}
		service.Networks = append(service.Networks, attachment)
	}
	if s.volume != "" {
		name := stackName + "_" + s.volume
		w.Volumes[s.volume] = desired.Volume{Key: s.volume, Name: name}
		service.Mounts = append(service.Mounts, desired.Mount{Type: desired.MountVolume, Source: name, Target: "/data"})
	}
	if s.config != "" {
		service.Files = append(service.Files, desired.File{Kind: desired.FileConfig, Name: "conf", Target: "/conf",
			Digest: fmt.Sprintf("sha256:%s00000000000", s.config), Entries: []desired.Entry{{Path: desired.FileEntry}}})
	}
}

// drift does to an engine what people, crashes and registries do.
func drift(r *rand.Rand, e *engine) {
	for _, id := range slices.Sorted(maps.Keys(e.containers)) {
		b := e.containers[id]
		if !chance(r, 15) {
			continue
		}
		for range pick(r, 1, 1, 2) {
			driftOne(r, e, b)
		}
	}
	if chance(r, 10) {
		dropNetwork(r, e)
	}
	if chance(r, 15) {
		swapNames(r, e)
	}
	if chance(r, 30) {
		ref := pick(r, "alpine:1", "alpine:2", "nginx:1")
		e.registry[ref] = image(ref, 2)
	}
}

// driftOne does one thing to a container.
func driftOne(r *rand.Rand, e *engine, b *box) {
	joined := slices.Sorted(maps.Keys(b.NetworkIDs))
	switch r.IntN(15) {
	case 0:
		delete(e.containers, b.ID)
	case 1:
		if b.Up() {
			b.State, b.ExitCode = observed.Exited, 1
		}
	case 2:
		if b.Up() {
			b.State = observed.Paused
		}
	case 3:
		if b.Up() && b.HasHealthcheck {
			b.State = observed.Unhealthy
		}
	case 4:
		b.Name = "renamed-" + b.ID[:12]
	case 5:
		b.State = pick(r, observed.Dead, observed.Removing)
	case 6:
		if len(joined) > 0 {
			delete(b.NetworkIDs, joined[0])
			b.forgetNetwork(joined[0])
		}
	case 7:
		b.Spec["environment.BY_HAND"] = "1"
	case 8:
		b.Spec["deploy.resources.limits.memory"] = "99999999"
	case 9:
		b.Spec["deploy.resources.limits.pids"], b.Spec["restart"] = "7", "always"
	case 10:
		if b.Up() {
			b.State = observed.Restarting
		}
	case 11:
		if n, ok := e.networks[stackName+"_back"]; ok && b.parent == "" {
			b.NetworkIDs[n.Name], b.Spec["networks."+n.Name] = n.ID, "attached"
		}
	case 12:
		if len(joined) > 0 {
			b.Spec["networks."+joined[0]+".aliases"] = "by-hand"
		}
	case 13:
		delete(e.images, b.Image)
	case 14:
		if text := pick(r, "10.0.9.5", "10.0.9.6"); len(joined) > 0 && e.addressFree(joined[0], text) {
			b.Spec["networks."+joined[0]+".ipv4_address"] = text
		}
	}
}

// swapNames gives a container the name of another one, and that one another name,
// or the first one's.
func swapNames(r *rand.Rand, e *engine) {
	ids := slices.Sorted(maps.Keys(e.containers))
	if len(ids) < 2 {
		return
	}
	a, b := e.containers[pick(r, ids...)], e.containers[pick(r, ids...)]
	name := a.Name
	a.Name, b.Name = b.Name, pick(r, name, "renamed-"+b.ID[:12])
	if a == b {
		a.Name = name
	}
}

// dropNetwork removes a network as docker network rm -f and a prune do: those
// on it are stopped, and keep the attachment on paper.
func dropNetwork(r *rand.Rand, e *engine) {
	names := slices.Sorted(maps.Keys(e.networks))
	if len(names) == 0 {
		return
	}
	name := pick(r, names...)
	for _, b := range e.containers {
		if _, joined := b.NetworkIDs[name]; joined {
			b.State, b.ExitCode = observed.Exited, 137
		}
	}
	delete(e.networks, name)
}

func image(ref string, version int) observed.Image {
	return observed.Image{ID: fmt.Sprintf("sha256:id-%s-%d", ref, version), ContentID: fmt.Sprintf("sha256:id-%s-%d", ref, version), Digest: fmt.Sprintf("sha256:digest-%s-%d", ref, version),
		Labels: map[string]string{}, Spec: desired.Spec{}}
}
