package plan

import (
	"strconv"
	"strings"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
)

// Placement is the volume that holds one delivered file.
type Placement struct {
	Volume string
	// Version counts a secret's versions; 0 for what is no secret.
	Version int
	File    desired.File
	// InUse tells that a container mounts the volume already, so that it was
	// filled: containers are made only after that.
	InUse bool
	// Exists tells that the volume is there, filled or not.
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
func place(want *desired.Stack, have *observed.Stack) Placements {
	used := usedVolumes(have)
	placements := Placements{}
	checked := map[string]Placement{} // secrets are expensive to recognise: once each
	for _, name := range sortedKeys(want.Services) {
		service := want.Services[name]
		placements[name] = map[string]Placement{}
		for _, file := range service.Files {
			var p Placement
			if file.Digest == "" {
				key := secretKey(file)
				if _, ok := checked[key]; !ok {
					checked[key] = placeSecret(want.Name, file, have)
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

// secretKey tells apart deliveries of one secret that differ in owner or mode.
func secretKey(f desired.File) string {
	key := string(f.Kind) + "/" + f.Name
	for _, e := range f.Entries {
		key += "/" + entryOwner(e)
	}
	return key
}

func entryOwner(e desired.Entry) string {
	return strconv.Itoa(e.UID) + "-" + strconv.Itoa(e.GID) + "-" + strconv.FormatUint(uint64(e.Mode), 8)
}

func placeSecret(stack string, f desired.File, have *observed.Stack) Placement {
	newest := 0
	owner := ""
	if len(f.Entries) > 0 {
		owner = entryOwner(f.Entries[0])
	}
	for _, name := range sortedKeys(have.Volumes) {
		vol := have.Volumes[name]
		if !isSecretVolume(vol, stack, f.Name) {
			continue
		}
		version, _ := strconv.Atoi(vol.Labels[desired.LabelFileVersion])
		newest = max(newest, version)
		check := desired.SecretCheck(vol.Labels[desired.LabelSecretCheck])
		if vol.Labels[desired.LabelFileOwner] == owner && check.Matches(SecretContent(f)) {
			return Placement{Volume: name, Version: version, Exists: true}
		}
	}
	return Placement{Volume: fileVolume(stack, f, "v"+strconv.Itoa(newest+1)), Version: newest + 1}
}

// SecretContent is the value that a delivered secret's check is made from.
func SecretContent(f desired.File) []byte {
	if len(f.Entries) == 0 {
		return nil
	}
	return f.Entries[0].Content
}

// SecretOwner is the text by which deliveries of one secret with other owners
// or modes are told apart.
func SecretOwner(f desired.File) string {
	if len(f.Entries) == 0 {
		return ""
	}
	return entryOwner(f.Entries[0])
}

func isSecretVolume(vol observed.Volume, stack, name string) bool {
	return vol.Labels[desired.LabelStack] == stack && vol.Labels[desired.LabelSecretCheck] != "" &&
		vol.Labels[desired.LabelFileName] == name
}

// fileVolume names the volume of a delivered file: "<stack>_<kind>_<name>_<version>".
func fileVolume(stack string, f desired.File, version string) string {
	var clean strings.Builder
	for _, r := range f.Name {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '.' {
			clean.WriteRune(r)
		} else {
			clean.WriteByte('-')
		}
	}
	return stack + "_" + string(f.Kind) + "_" + strings.Trim(clean.String(), "-.") + "_" + version
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
