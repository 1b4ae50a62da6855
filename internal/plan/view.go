package plan

import (
	"cmp"
	"maps"
	"slices"
	"sort"
	"strings"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
)

// View is a stack as Terraform shows it, planned or as it is.
type View struct {
	Services map[string]Service
	// Networks and Volumes are keyed by the name in the Compose document; what
	// is not declared there, by the engine's name.
	Networks map[string]Network
	Volumes  map[string]Volume
	// Seen is for [Record]; a planned view has none.
	Seen observed.Cache
}

// Service is one service as Terraform shows it. Digest and State are nil when
// a plan cannot know them beforehand.
type Service struct {
	Image    string
	Digest   *string
	Replicas int
	State    *string
	// Spec has the fields that the user wrote; secrets are hidden.
	Spec map[string]string
	// Unknown names, in order, the fields of Spec whose values a plan cannot know
	// beforehand. It is nil when there are none.
	Unknown []string
}

// Network is one of the stack's networks. Driver and Internal are nil when a
// plan cannot know them beforehand.
type Network struct {
	Name     string
	Driver   *string
	Internal *bool
	// Spec has the further fields that the user wrote.
	Spec map[string]string
	// Unknown is as in [Service].
	Unknown []string
}

// Volume is one of the stack's volumes. Driver is nil when a plan cannot know it
// beforehand.
type Volume struct {
	Name   string
	Driver *string
}

// NeedsRepair reports whether a service in its state has to be brought back.
func (s Service) NeedsRepair() bool {
	if s.State == nil {
		return false
	}
	switch observed.State(*s.State) {
	case observed.Running, observed.Starting, observed.Healthy, observed.Completed, "":
		return false
	default:
		return true
	}
}

// View shows what exists of a stack, for the fields that are remembered. A service that
// is remembered but has no container is shown as missing, with what was last seen of
// it. exists is false where nothing is there that can be converged: volumes alone are
// data that outlives a stack, unless there is nothing else to it.
func (r Record) View(have *observed.Stack, last View) (view View, exists bool) {
	return r.view(have, last), r.exists(have)
}

func (r Record) exists(have *observed.Stack) bool {
	return have.Exists() || len(r.AppliedFields) == 0 && r.AppliedFields != nil
}

func (r Record) view(have *observed.Stack, last View) View {
	view := View{Services: map[string]Service{}, Networks: map[string]Network{}, Volumes: map[string]Volume{}}
	for name, containers := range have.Services {
		view.Services[name] = serviceOf(containers, have, r, name)
	}
	for name := range r.AppliedFields {
		if _, exists := view.Services[name]; !exists {
			state := string(observed.Missing)
			if r.Replicas[name] == 0 {
				state = ""
			}
			view.Services[name] = absent(last.Services[name], state)
		}
	}
	view.Seen = have.Cache()
	networksOf(have, r, view.Networks)
	volumesOf(have, r, view.Volumes)
	return view
}

func absent(last Service, state string) Service {
	last.Replicas, last.State = 0, &state
	if last.Digest == nil {
		last.Digest = new(string)
	}
	return last
}

func serviceOf(containers []observed.Container, have *observed.Stack, record Record, name string) Service {
	first := &containers[0]
	digest, state := digestOf(first), worstState(containers, completes(containers, record, name))
	return Service{Image: imageOf(first), Digest: &digest, Replicas: len(containers), State: &state, Spec: specOf(containers, have.Name, record, name)}
}

// imageOf is a container's image as docker ps shows it.
func imageOf(c *observed.Container) string {
	if c.Untagged {
		return c.ImageID
	}
	return c.Image
}

func digestOf(c *observed.Container) string { return cmp.Or(c.Digest, c.ImageID) }

// completes reports whether a service is done when it ends with code 0. While a service is
// imported, only its restart policy shows that, until the document is read.
func completes(containers []observed.Container, record Record, name string) bool {
	if _, known := record.AppliedFields[name]; known {
		return record.Completes[name]
	}
	restart := containers[0].Spec["restart"]
	return restart == "" || strings.HasPrefix(restart, "on-failure")
}

func worstState(containers []observed.Container, completes bool) string {
	var states []observed.State
	for _, c := range containers {
		if c.State == observed.Exited && c.ExitCode == 0 && completes {
			c.State = observed.Completed
		}
		states = append(states, c.State)
	}
	return string(observed.Worst(states))
}

// specOf shows the fields of a service's containers. Where replicas differ,
// each value is shown.
func specOf(containers []observed.Container, stack string, record Record, name string) map[string]string {
	spec := map[string]string{}
	values := map[string][]string{}
	for i := range containers {
		c := &containers[i]
		masked := c.Spec.Masked(record.secretKeys(name), SecretVersion(c))
		for key, value := range masked {
			if record.shows(name, key, value, c) {
				if record.hides(name, key) {
					value = hidden
				}
				values[key] = append(values[key], value)
			}
		}
	}
	if _, remembered := record.AppliedFields[name]; remembered {
		values[containerName] = containerNames(containers, stack, record.Names[name])
	}
	for key, list := range values {
		if len(list) == 0 {
			continue
		}
		sort.Strings(list)
		distinct := list[:0]
		for i, value := range list {
			if i == 0 || value != list[i-1] {
				distinct = append(distinct, value)
			}
		}
		spec[key] = strings.Join(distinct, " | ")
	}
	return spec
}

// containerName is the field that shows a container's name: the one that the
// user chose, or one that it was given by hand.
const containerName = "container_name"

func containerNames(containers []observed.Container, stack, chosen string) []string {
	var names []string
	for i := range containers {
		c := &containers[i]
		if chosen != "" || c.Name != desired.ContainerName(stack, &desired.Service{Name: c.Service}, c.Number) {
			names = append(names, c.Name)
		}
	}
	return names
}

func networksOf(have *observed.Stack, record Record, out map[string]Network) {
	keys := inverse(record.Networks)
	for _, name := range slices.Sorted(maps.Keys(have.Networks)) { // two may have one key
		n := have.Networks[name]
		key, known := keys[name]
		if !known && n.Labels[desired.LabelProject] != have.Name {
			continue
		}
		if !known {
			if key = n.Labels[desired.LabelNetwork]; key == "" || record.Networks != nil {
				key = name
			}
		}
		out[key] = Network{Name: name, Driver: &n.Driver, Internal: &n.Internal, Spec: record.networkSpec(key, n)}
	}
}

// networkSpec shows the fields of a network that were asked for or were added by hand. What has attributes of its own is left out.
func (r Record) networkSpec(key string, n observed.Network) map[string]string {
	spec := map[string]string{}
	asked, remembered := r.NetworkFields[key]
	if !remembered && r.NetworkFields != nil {
		return spec // external: not ours to describe
	}
	for field, value := range desired.ExtractNetwork(n) {
		if slices.Contains(asked, field) || desired.IsClosedNetwork(field) {
			spec[field] = value
		}
	}
	return withoutAttributes(spec)
}

func withoutAttributes(spec map[string]string) map[string]string {
	delete(spec, "driver")
	delete(spec, "internal")
	return spec
}

func volumesOf(have *observed.Stack, record Record, out map[string]Volume) {
	keys := inverse(record.Volumes)
	used := map[string]bool{} // by a container now, or by one that is missing
	for _, name := range record.Files {
		used[name] = true
	}
	for _, list := range have.Services {
		for _, c := range list {
			for _, vol := range c.FileVolumes {
				used[vol] = true
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(have.Volumes)) { // two may have one key
		v := have.Volumes[name]
		key, known := keys[name]
		leftover := v.Labels[desired.LabelStack] == have.Name && v.Labels[desired.LabelFile] != "" && !used[name]
		imported := record.Volumes == nil && v.Labels[desired.LabelProject] == have.Name && v.Labels[desired.LabelVolume] != ""
		switch {
		case known:
		case leftover:
			key = name
		case imported:
			key = v.Labels[desired.LabelVolume]
		default:
			continue
		}
		out[key] = Volume{Name: name, Driver: &v.Driver}
	}
}

func inverse(m map[string]string) map[string]string {
	out := map[string]string{}
	for _, key := range slices.Sorted(maps.Keys(m)) { // two may have one value
		out[m[key]] = key
	}
	return out
}
