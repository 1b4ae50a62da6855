package plan

import (
	"maps"
	"slices"
	"sort"
	"strings"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
)

// Record is what is remembered of a stack between runs, in Terraform's private
// state: what was asked for, so that reading the node knows what to look at. It
// holds no secret, no plain digest of one, and no text that may be one. The zero value
// is an empty record, as after an import.
type Record struct {
	// AppliedFields names, by service, the fields that were asked for. As with Networks
	// and Volumes, empty says that there is none and nil that it is not known, as
	// after an import: JSON has to keep them apart.
	AppliedFields map[string][]string `json:"known"`
	// Secret names, by service, the fields that carry secrets.
	Secret map[string][]string `json:"secret,omitempty"`
	// Completes names the services that are done when they end with code 0.
	Completes map[string]bool `json:"completes,omitempty"`
	// Replicas is how many containers each service was to have.
	Replicas map[string]int `json:"replicas,omitempty"`
	// Names are the container names that the user chose, by service.
	Names map[string]string `json:"names,omitempty"`
	// NetworkFields names, by network, the fields that were asked for.
	NetworkFields map[string][]string `json:"network_fields,omitempty"`
	// Networks and Volumes map names in the Compose document to the engine's.
	Networks map[string]string `json:"networks"`
	Volumes  map[string]string `json:"volumes"`
	// Own are the volumes, by the engine's names, that the stack declares as its own;
	// nil in the states of earlier releases.
	Own []string `json:"own"`
	// Files names the volumes of the files that are delivered.
	Files []string `json:"files,omitempty"`
	// Accepted holds content that was taken as it was on a project that
	// something else had made: digests, and checks of secrets.
	Accepted map[string]map[string]string `json:"accepted,omitempty"`
	// NodePaths are the paths of the node that are mounted in place of relative
	// ones, by service and target.
	NodePaths map[string]map[string]string `json:"node_paths,omitempty"`
	// Followed are the references whose digest is followed, with what a registry
	// said when the stack was last read. Terraform plans once more when it applies:
	// by this it finds the same, although the tag may have moved again.
	Followed map[string]Lookup `json:"followed,omitempty"`
	// Failed reports that the create failed, and left what the state has of it.
	Failed bool `json:"failed,omitempty"`
	// Seen is what need not be asked for again.
	Seen observed.Cache `json:"seen,omitzero"`
}

// Remember is what is remembered of a stack once the decision is applied. before is what
// was remembered until then. It draws random numbers, for the checks of secrets.
func (d StackDecision) Remember(before Record, have *observed.Stack) (Record, error) {
	want := d.Want
	record := Record{
		AppliedFields: map[string][]string{}, Secret: map[string][]string{}, Completes: map[string]bool{}, Replicas: map[string]int{},
		Names: map[string]string{}, NetworkFields: map[string][]string{}, Networks: map[string]string{}, Volumes: map[string]string{}, Own: []string{},
	}
	for name, s := range want.Services {
		record.AppliedFields[name] = s.Spec(d.Placements.Versions(name)).Keys()
		for key := range s.Secret {
			record.Secret[name] = append(record.Secret[name], key)
		}
		sort.Strings(record.Secret[name])
		if s.FollowsDigest() {
			record.follow(s.Image.Reference, Lookup{Digest: s.Image.Digest})
		}
		record.keepPaths(&s)
		record.Completes[name] = Completes(want, name)
		record.Replicas[name] = s.Replicas
		if s.ContainerName != "" {
			record.Names[name] = s.ContainerName
		}
	}
	for _, targets := range d.Placements {
		for _, placement := range targets {
			record.Files = append(record.Files, placement.Volume)
		}
	}
	slices.Sort(record.Files)
	record.Files = slices.Compact(record.Files)
	for key, n := range want.Networks {
		record.Networks[key] = n.Name
		if !n.External {
			record.NetworkFields[key] = n.Spec().Keys()
		}
	}
	for key, v := range want.Volumes {
		record.Volumes[key] = v.Name
		if !v.External {
			record.Own = append(record.Own, v.Name)
		}
	}
	slices.Sort(record.Own)
	accepted, err := accept(want, before.Accepted, have)
	record.Accepted = accepted
	return record, err
}

// accept notes the delivered content of services whose containers something
// else made, as it is today; what was noted before stays.
func accept(want *desired.Stack, before map[string]map[string]string, have *observed.Stack) (map[string]map[string]string, error) {
	out := map[string]map[string]string{}
	for name, s := range want.Services {
		fields := map[string]string{}
		foreign := slices.ContainsFunc(have.Services[name], func(c observed.Container) bool { return !c.Owned() })
		img := have.Images[s.Image.Reference]
		if s.Image.Build != nil && img.Labels[desired.LabelBuildHash] == "" {
			fields["build"] = s.Image.Build.Hash
		}
		if foreign {
			if err := acceptHooks(&s, before[name], fields); err != nil {
				return nil, err
			}
		}
		acceptPaths(&s, fields)
		for _, f := range s.Files {
			if !foreign || f.Secret != nil {
				continue
			}
			key := string(f.Kind) + "." + f.Target
			if known, ok := before[name][key]; ok && f.Digest == "" && desired.SecretCheck(known).Matches(SecretContent(f)) {
				fields[key] = known
				continue
			}
			value := f.Digest
			if value == "" {
				check, err := desired.NewSecretCheck(SecretContent(f))
				if err != nil {
					return nil, err
				}
				value = string(check)
			}
			fields[key] = value
		}
		if len(fields) > 0 {
			out[name] = fields
		}
	}
	return out, nil
}

// acceptPaths notes the local files of which a path of the node is kept.
func acceptPaths(s *desired.Service, fields map[string]string) {
	for _, m := range s.Mounts {
		if m.KeepsFrom != "" {
			fields[string(desired.FileBind)+"."+m.Target] = m.KeepsFrom
		}
	}
}

// keepPaths notes which paths of the node a service mounts in place of relative ones.
func (r *Record) keepPaths(s *desired.Service) {
	for _, mount := range s.Mounts {
		if mount.KeepsFrom == "" {
			continue
		}
		if r.NodePaths == nil {
			r.NodePaths = map[string]map[string]string{}
		}
		if r.NodePaths[s.Name] == nil {
			r.NodePaths[s.Name] = map[string]string{}
		}
		r.NodePaths[s.Name][mount.Target] = mount.Source
	}
}

// acceptHooks notes a service's hooks, of which the containers know nothing: text that
// can hold anything as a check.
func acceptHooks(s *desired.Service, before, fields map[string]string) error {
	for key, value := range s.Spec(nil) {
		if !desired.IsHook(key) {
			continue
		}
		fields[key] = value
		if _, secret := s.Secret[key]; !secret && !desired.IsFreeText(key) {
			continue
		}
		if known, ok := before[key]; ok && desired.SecretCheck(known).Matches([]byte(value)) {
			fields[key] = known
			continue
		}
		check, err := desired.NewSecretCheck([]byte(value))
		if err != nil {
			return err
		}
		fields[key] = string(check)
	}
	return nil
}

// Creates reports whether nothing is in a state: what is remembered of a stack was
// applied, and what is adopted is in state.
func (r Record) Creates(adopt bool) bool { return !adopt && r.AppliedFields == nil }

// declared are the volumes that the stack declares as its own, and so may remove.
func (r Record) declared() []string {
	if r.Own == nil {
		return slices.Sorted(maps.Values(r.Volumes))
	}
	return r.Own
}

func (r Record) secretKeys(service string) map[string][]string {
	keys := map[string][]string{}
	for _, key := range r.Secret[service] {
		keys[key] = nil
	}
	return keys
}

// hidden replaces the value of an environment variable that was added by hand: it may be
// a secret.
const hidden = "set outside Terraform"

// hides reports whether only the existence of a field is shown.
func (r Record) hides(service, key string) bool {
	if !strings.HasPrefix(key, "environment.") {
		return false
	}
	for _, one := range r.AppliedFields[service] {
		if one == key {
			return false
		}
	}
	return true
}

// free are the beginnings of the fields whose values are anybody's text, and so
// may hold a secret.
var free = [...]string{"environment.", "command", "entrypoint", "healthcheck.test", "logging.options."}

// shows reports whether a field of a container is shown: the fields that were
// asked for and what was added by hand. Without memory, as right after an
// import, nothing is known to be asked for, or to be a secret: then all is shown
// but what the image or the engine gave, and values that may be secrets.
func (r Record) shows(service, key, value string, c *observed.Container) bool {
	known, remembered := r.AppliedFields[service]
	if remembered {
		for _, one := range known {
			if one == key {
				return true
			}
		}
		return desired.IsClosed(key, value) && !c.Defaults[key] || desired.IsFile(key)
	}
	if r.AppliedFields != nil {
		return false // the service is not ours to describe: it goes
	}
	for _, prefix := range free {
		if strings.HasPrefix(key, prefix) {
			return false
		}
	}
	return !c.Defaults[key] && !desired.IsFilled(key, c.Spec)
}

// Lookup is what a registry said about a reference: its digest, or why that cannot
// be told.
type Lookup struct {
	Digest  string `json:"digest,omitempty"`
	Problem string `json:"problem,omitempty"`
}

func (r *Record) follow(ref string, said Lookup) {
	if r.Followed == nil {
		r.Followed = map[string]Lookup{}
	}
	r.Followed[ref] = said
}
