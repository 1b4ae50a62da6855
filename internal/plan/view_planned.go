package plan

import (
	"slices"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
)

// planned shows a stack as it will be.
func planned(want *desired.Stack, have *observed.Stack, p *Plan) View {
	view := View{Services: map[string]Service{}, Networks: map[string]Network{}, Volumes: map[string]Volume{}}
	fresh := map[string]bool{} // images that the plan pulls or builds
	for _, op := range p.Operations {
		switch op.Kind {
		case PullImage, BuildImage:
			fresh[op.Name] = true
		case RetagImage:
			have = have.Tagged(op.Name, op.Image)
		default: // no image changes
		}
	}
	jobs := Jobs(want)
	for name := range want.Services {
		s := want.Services[name]
		view.Services[name] = plannedService(&s, have, p, fresh[s.Image.Reference], jobs[name])
	}
	for key, n := range want.Networks {
		view.Networks[key] = plannedNetwork(n, have)
	}
	for key, v := range want.Volumes {
		view.Volumes[key] = plannedVolume(v, have)
	}
	return view
}

// plannedNetwork shows a network as it will be; of one that another resource has still
// to create, nothing is known.
func plannedNetwork(n desired.Network, have *observed.Stack) Network {
	existing, exists := have.Networks[n.Name]
	spec := withoutAttributes(n.Spec())
	switch {
	case n.External && exists:
		return Network{Name: n.Name, Driver: &existing.Driver, Internal: &existing.Internal, Spec: map[string]string{}}
	case n.External:
		return Network{Name: n.Name, Spec: map[string]string{}}
	case n.Driver == "" && exists:
		n.Driver = existing.Driver
	case n.Driver == "":
		n.Driver = "bridge"
	}
	return Network{Name: n.Name, Driver: &n.Driver, Internal: &n.Internal, Spec: spec}
}

// plannedVolume shows a volume as it will be.
func plannedVolume(v desired.Volume, have *observed.Stack) Volume {
	existing, exists := have.Volumes[v.Name]
	switch {
	case exists:
		return Volume{Name: v.Name, Driver: &existing.Driver}
	case v.External:
		return Volume{Name: v.Name}
	case v.Driver == "":
		v.Driver = "local"
	}
	return Volume{Name: v.Name, Driver: &v.Driver}
}

func plannedService(s *desired.Service, have *observed.Stack, p *Plan, fresh, awaited bool) Service {
	out := Service{Image: s.Image.Reference, Replicas: s.Replicas}
	version := max(1, p.SecretVersions[s.Name])
	out.Spec = s.Spec(p.Placements.Versions(s.Name)).Masked(s.Secret, version)
	if s.ContainerName != "" {
		out.Spec[containerName] = s.ContainerName
	}
	img, known := have.Images[s.Image.Reference]
	switch {
	case s.Image.Digest != "":
		out.Digest = &s.Image.Digest
	case known && !fresh && img.Digest != "":
		out.Digest = &img.Digest
	case known && !fresh:
		out.Digest = &img.ID
	}
	if c := unmade(s, have, p); c != nil && c.Image != s.Image.Reference {
		out.Image = imageOf(c)
		if s.Image.Digest == "" {
			out.Digest = ptr(digestOf(c))
		}
	}
	var available *observed.Image
	if known && !fresh {
		available = &img
	}
	if s.Replicas == 0 {
		out.State, out.Digest = new(string), new(string)
		return out
	}
	if state := string(Arrived(s, available, awaited)); state != "" {
		out.State = &state
	}
	return out
}

// unmade is the container that a service is shown by, if it stays: it keeps the
// reference that it was made from where another one means the same image.
func unmade(s *desired.Service, have *observed.Stack, p *Plan) *observed.Container {
	list := have.Services[s.Name]
	if len(list) == 0 || s.Replicas == 0 || slices.ContainsFunc(p.Changes, func(c Change) bool {
		return c.Service == s.Name && c.Number == list[0].Number && (c.Action == Create || c.Action == Recreate)
	}) {
		return nil
	}
	return &list[0]
}

// Applied shows a stack after the decision was applied: the fields as they were planned,
// the rest as it was read.
func (d StackDecision) Applied(seen View) View {
	view := d.After
	for name, s := range view.Services {
		now := seen.Services[name]
		s.State, s.Digest, s.Image, s.Replicas = now.State, now.Digest, now.Image, now.Replicas
		if s.Replicas == 0 {
			s.Image = d.Want.Services[name].Image.Reference
		}
		view.Services[name] = s
	}
	view.Networks, view.Volumes = seen.Networks, seen.Volumes
	return view
}
