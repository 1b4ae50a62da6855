package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
)

// Placement is the volume that holds one delivered file.
type Placement struct {
	Volume string
	// Version counts a secret's versions; 0 for a file that is not a secret.
	Version int
	File    desired.File
	// InUse reports that a container mounts the volume already, so that it was
	// filled: containers are made only after that.
	InUse bool
	// Exists reports that the volume is there, filled or not.
	Exists bool
}

// Placements are where files are: by service, then by target.
type Placements map[string]map[string]Placement

// Versions gives, by target, the versions of a service's delivered secrets.
func (p Placements) Versions(service string) map[string]int {
	versions := map[string]int{}
	for target, placement := range p[service] {
		versions[target] = placement.Version
	}
	return versions
}

// digestDigits is how much of a digest a volume's name carries.
const digestDigits = 12

// place finds the volume of every delivered file: named by its content, or for
// a secret, of which no plain digest may exist, by a version that counts up
// when no existing volume holds the same value.
func (b *builder) place() Placements {
	want, have := b.want, b.have
	used := usedVolumes(have)
	placements := Placements{}
	checked := map[string]Placement{} // secrets are expensive to recognise: once each
	newest := map[string]int{}        // the highest version given to a secret so far
	taken := takenVolumes(want, have)
	for _, name := range sortedKeys(want.Services) {
		service := want.Services[name]
		placements[name] = map[string]Placement{}
		for _, file := range service.Files {
			var p Placement
			if file.Secret != nil {
				var missing, problem string
				if p, missing, problem = b.placeNodeSecret(name, file); problem != "" {
					b.addProblem(problem)
				}
				if missing != "" {
					b.addMissing(missing, "")
				}
				placements[name][file.Target] = p
				continue
			}
			if file.Digest == "" {
				key := string(file.Kind) + "/" + file.Name + "/" + SecretOwner(file)
				if _, ok := checked[key]; !ok {
					checked[key] = placeSecret(want.Name, file, have, newest, taken, recognise(have, used, b.opts.Rotated))
				}
				p = checked[key]
				p.File = file
			} else {
				p = Placement{Volume: fileVolume(want.Name, file, strings.TrimPrefix(file.Digest, "sha256:")[:digestDigits]), File: file}
				_, p.Exists = have.Volumes[p.Volume]
			}
			p.InUse = used[p.Volume]
			placements[name][file.Target] = p
		}
	}
	return placements
}

// placeSecret finds the volume that holds a secret with the same value and owner, or
// gives it the next version. newest has the highest version that was given to each
// secret in this plan. Two names may differ only in characters that a volume's name
// cannot have, so a version whose volume is taken is skipped.
func placeSecret(stack string, f desired.File, have *observed.Stack, newest map[string]int, taken map[string]bool, is func(f desired.File, volumes []string) string) Placement {
	secret, owner := string(f.Kind)+"/"+f.Name, SecretOwner(f)
	var candidates []string
	for _, name := range sortedKeys(have.Volumes) {
		labels := have.Volumes[name].Labels
		if !holdsSecret(labels, stack, f) {
			continue
		}
		newest[secret] = max(newest[secret], fileVersion(labels))
		if labels[desired.LabelFileOwner] == owner {
			candidates = append(candidates, name)
		}
	}
	if name := is(f, candidates); name != "" {
		return Placement{Volume: name, Version: fileVersion(have.Volumes[name].Labels), Exists: true}
	}
	for {
		newest[secret]++
		if name := fileVolume(stack, f, "v"+strconv.Itoa(newest[secret])); !taken[name] {
			taken[name] = true
			return Placement{Volume: name, Version: newest[secret]}
		}
	}
}

// takenVolumes are the names that volumes have on the node, or will have.
func takenVolumes(want *desired.Stack, have *observed.Stack) map[string]bool {
	taken := map[string]bool{}
	for name := range have.Volumes {
		taken[name] = true
	}
	for _, v := range want.Volumes {
		taken[v.Name] = true
	}
	return taken
}

func fileVersion(labels map[string]string) int {
	version, _ := strconv.Atoi(labels[desired.LabelFileVersion])
	return version
}

// recognise returns a function that finds the volume that holds a secret, or "".
// One whose value is not known yet is taken to be in the volume that is in use, or else
// in any; and in none if it is rotated.
func recognise(have *observed.Stack, used map[string]bool, rotated bool) func(f desired.File, volumes []string) string {
	return func(f desired.File, volumes []string) string {
		if f.Unknown {
			if rotated || len(volumes) == 0 {
				return ""
			}
			inUse := slices.IndexFunc(volumes, func(name string) bool { return used[name] })
			return volumes[max(0, inUse)]
		}
		content := SecretContent(f)
		for _, name := range volumes {
			if desired.SecretCheck(have.Volumes[name].Labels[desired.LabelSecretCheck]).Matches(content) {
				return name
			}
		}
		return ""
	}
}

// holdsSecret reports whether a volume's labels say that it holds some version of
// the secret.
func holdsSecret(labels map[string]string, stack string, f desired.File) bool {
	return labels[desired.LabelStack] == stack && labels[desired.LabelSecretCheck] != "" &&
		labels[desired.LabelFile] == string(f.Kind) && labels[desired.LabelFileName] == f.Name
}

// SecretContent is what a delivered secret's check is made from: its value, or
// for a directory every name and value.
func SecretContent(f desired.File) []byte {
	if !f.Directory && len(f.Entries) == 1 {
		return f.Entries[0].Content
	}
	var all []byte
	for _, e := range f.Entries {
		all = fmt.Appendf(all, "%d:%s%d:%s%d:%s", len(e.Path), e.Path, len(e.Link), e.Link, len(e.Content), e.Content)
	}
	return all
}

// SecretOwner is the text by which deliveries of one secret with other owners or modes
// differ: "uid-gid-mode" of each entry.
func SecretOwner(f desired.File) string {
	owners := make([]string, len(f.Entries))
	for i, e := range f.Entries {
		owners[i] = fmt.Sprintf("%d-%d-%o", e.UID, e.GID, e.Mode)
	}
	return strings.Join(owners, ",")
}

// fileVolume names the volume of a delivered file: "<stack>_<kind>_<name>_<version>",
// with a hash in place of what is too long for a volume.
func fileVolume(stack string, f desired.File, version string) string {
	var clean strings.Builder
	for _, r := range f.Name {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' || r == '.' {
			clean.WriteRune(r)
		} else {
			clean.WriteByte('-')
		}
	}
	name := stack + "_" + string(f.Kind) + "_" + strings.Trim(clean.String(), "-.")
	if rest := desired.MaxVolumeName - len("_"+version); len(name) > rest {
		sum := sha256.Sum256([]byte(stack + "\x00" + f.Name))
		hash := "_" + hex.EncodeToString(sum[:8])
		name = name[:rest-len(hash)] + hash
	}
	return name + "_" + version
}

// usedVolumes are the volumes of delivered files that a container mounts.
func usedVolumes(have *observed.Stack) map[string]bool {
	used := map[string]bool{}
	for _, list := range have.Services {
		for _, c := range list {
			for _, vol := range c.FileVolumes {
				used[vol] = true
			}
		}
	}
	return used
}

// files plans the delivery of files into the volumes that no container mounts
// yet, for the replicas that are made.
func (b *builder) files() {
	for _, name := range sortedKeys(b.Placements) {
		if !b.createsAny(name) {
			continue
		}
		for _, target := range sortedKeys(b.Placements[name]) {
			p := b.Placements[name][target]
			if p.InUse {
				continue
			}
			var needs []*Operation
			if !p.Exists {
				needs = append(needs, b.onceFor(b.volumeCreations, Operation{Kind: CreateVolume, Name: p.Volume, File: &p}))
			}
			b.onceFor(b.deliveries, Operation{Kind: DeliverFiles, Name: p.Volume, File: &p, Needs: needs})
		}
	}
}

// cleanUpFiles removes the versions of delivered files that nothing uses any
// more, after the containers that did.
func (b *builder) cleanUpFiles() {
	current := map[string]bool{}
	for name, targets := range b.Placements {
		for _, p := range targets {
			current[p.Volume] = current[p.Volume] || b.want.Services[name].Replicas > 0
		}
	}
	for name := range b.slots {
		for _, s := range b.slots[name] {
			if s.current != nil && !s.creates() && s.action != Remove {
				for _, vol := range s.current.FileVolumes {
					current[vol] = true
				}
			}
		}
	}
	for _, name := range sortedKeys(b.have.Volumes) {
		labels := b.have.Volumes[name].Labels
		if labels[desired.LabelStack] != b.want.Name || labels[desired.LabelFile] == "" || current[name] {
			continue
		}
		// Without its name: no state shows the volume while a container still uses
		// it, so the approval of the container's change covers this one.
		b.addChange(Change{Subject: "volume " + name, Action: CleanUp, Causes: []Difference{{Field: "volumes", Old: "superseded", New: "removed"}}})
		b.onceFor(b.volumeRemovals, Operation{Kind: RemoveVolume, Name: name, Needs: b.all(RemoveContainer, AwaitContainer)})
	}
}
