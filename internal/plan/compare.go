package plan

import (
	"slices"
	"strconv"
	"strings"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
)

// configuration is the field of a difference that no single field shows.
const configuration = "configuration"

// comparison holds what comparing one service with its containers takes.
type comparison struct {
	service  *desired.Service
	spec     desired.Spec // real values
	image    observed.Image
	hasImage bool
	images   map[string]observed.Image
	applied  []string // fields that were asked for when Terraform last applied
	accepted map[string]string
	delivers map[string]bool   // fields that show delivered content
	targets  map[string]string // target of a delivered file -> its field
	rotated  bool              // see Options
	// firstOf gives the ID of the first container that a service has.
	firstOf func(service string) string
}

func (b *builder) compare(s *desired.Service) *comparison {
	c := &comparison{
		service: s, spec: s.Spec(b.Placements.Versions(s.Name)),
		applied: b.opts.AppliedFields[s.Name], accepted: b.opts.Accepted[s.Name],
		delivers: map[string]bool{}, targets: map[string]string{}, firstOf: b.firstOf, rotated: b.opts.Rotated,
	}
	c.image, c.hasImage = b.image(s.Image.Reference)
	c.images = b.have.Images
	for _, f := range s.Files {
		field := string(f.Kind) + "." + f.Target
		c.delivers[field] = f.Secret == nil // which file of the node a container mounts can be seen
		c.targets["volumes."+f.Target] = field
	}
	if s.Image.Build != nil {
		c.delivers["build"] = true
	}
	for key := range c.spec {
		if desired.IsHook(key) {
			c.delivers[key] = true
		}
	}
	return c
}

// firstOf is the ID of the first container that a service has, if any.
func (b *builder) firstOf(service string) string {
	for _, s := range b.slots[service] {
		if s.number == 1 && s.current != nil {
			return s.current.ID
		}
	}
	return ""
}

// differences lists the fields in which a container is not what the service asks for;
// without any it stays. Values that carry secrets are hidden.
func (c *comparison) differences(have *observed.Container) []Difference {
	out := c.imageDifferences(have)
	for _, key := range c.candidates(have) {
		want, wanted := c.spec[key]
		got, exists := have.Spec[key]
		if wanted == exists && c.same(key, want, got) {
			continue
		}
		if !wanted && have.Defaults[key] {
			continue
		}
		if c.assumed(key, got, have) || wanted && !exists && isIgnored(key) && c.madeFromThis(have) {
			continue
		}
		out = append(out, c.hide(key, got, want, have))
	}
	out = append(out, c.mountedImages(have)...)
	elsewhere := func(d Difference) bool { return !strings.HasPrefix(d.Field, "networks.") }
	if !slices.ContainsFunc(out, elsewhere) && c.hashDiffers(have) { // connecting a network would not repair it
		out = append(out, Difference{Field: configuration, Old: "made from another definition", New: "as declared"})
	}
	return out
}

// same compares a value with the container's; of a hook's secret the container
// has a check only.
func (c *comparison) same(key, want, got string) bool {
	if c.service.Unknown[key] {
		return !c.rotated
	}
	if _, secret := c.service.Secret[key]; secret && desired.IsHook(key) && want != got {
		return desired.SecretCheck(got).Matches([]byte(want))
	}
	return want == got
}

// candidates are the fields to look at: what is asked for, what was asked for
// before, and what only a person can have added.
func (c *comparison) candidates(have *observed.Container) []string {
	keys := map[string]bool{}
	for key := range c.spec {
		keys[key] = true
	}
	for _, key := range c.applied {
		keys[key] = true
	}
	for key, value := range have.Spec {
		if _, delivered := c.targets[key]; delivered && !have.Owned() {
			continue // Docker Compose binds the file that homelab would deliver
		}
		if desired.IsClosed(key, value) {
			keys[key] = true
		}
		if have.Owned() && (desired.IsFile(key) || desired.IsHook(key)) {
			keys[key] = true
		}
	}
	return sortedKeys(keys)
}

// assumed reports whether a field shows content that cannot be seen on the node and
// was taken as it is: delivered by Docker Compose, built without our label, or a
// hook, of which the engine knows nothing.
func (c *comparison) assumed(key, got string, have *observed.Container) bool {
	switch {
	case !c.delivers[key] || strings.HasPrefix(key, string(desired.FileBind)+"."): // which path of the node a container mounts can be seen
		return false
	case key == "build" && got != "":
		return false
	case key == "build" && have.Owned():
		return c.accepted[key] == c.spec[key]
	}
	return !have.Owned() && !c.acceptedOther(key)
}

// acceptedOther reports whether content that was taken as it was when a container
// was imported has changed since.
func (c *comparison) acceptedOther(key string) bool {
	accepted, ok := c.accepted[key]
	if !ok {
		return false
	}
	if c.service.Unknown[key] {
		return c.rotated
	}
	for _, f := range c.service.Files {
		if string(f.Kind)+"."+f.Target == key && f.Digest == "" {
			if f.Unknown {
				return c.rotated
			}
			return !desired.SecretCheck(accepted).Matches(SecretContent(f))
		}
	}
	if accepted == c.spec[key] {
		return false
	}
	_, secret := c.service.Secret[key]
	return !secret && !desired.IsFreeText(key) || !desired.SecretCheck(accepted).Matches([]byte(c.spec[key]))
}

func (c *comparison) hide(key, got, want string, have *observed.Container) Difference {
	if _, secret := c.service.Secret[key]; secret {
		version := SecretVersion(have)
		return Difference{Field: key, Old: desired.SecretVersion(version), New: desired.SecretVersion(version + 1)}
	}
	return Difference{Field: key, Old: got, New: want}
}

// SecretVersion is the version of the secrets in a container's own fields.
func SecretVersion(have *observed.Container) int {
	version, err := strconv.Atoi(have.Labels[desired.LabelSecretVersion])
	if err != nil || version < 1 {
		return 1
	}
	return version
}

// secretsDiffer reports whether a field that carries a secret has another value.
func (c *comparison) secretsDiffer(have *observed.Container) bool {
	for key := range c.service.Secret {
		got, exists := have.Spec[key]
		if (!exists || !c.same(key, c.spec[key], got)) && !c.assumed(key, have.Spec[key], have) {
			return true
		}
	}
	return false
}

// imageDifferences compares by identity: the same tag may mean another image
// by now, and another spelling the same one.
func (c *comparison) imageDifferences(have *observed.Container) []Difference {
	ref := c.service.Image.Reference
	if c.hasImage && c.image.ID == have.ImageID && !c.otherDigest() {
		return nil
	}
	if !c.hasImage && have.Image == ref && c.service.Image.Build == nil {
		return c.outlivedDifferences(have)
	}
	if have.Image != ref {
		return []Difference{{Field: "image", Old: have.Image, New: ref}}
	}
	if c.otherDigest() {
		return []Difference{{Field: "digest", Old: c.image.Digest, New: c.service.Image.Digest}}
	}
	if !c.hasImage {
		return []Difference{{Field: "image", Old: have.ImageID, New: ref}}
	}
	return []Difference{{Field: "digest", Old: have.ImageID, New: c.image.ID}}
}

// outlivedDifferences are those of a container whose image's name is gone from
// the node.
func (c *comparison) outlivedDifferences(have *observed.Container) []Difference {
	if digest := c.service.Image.Digest; digest != "" && have.Digest != "" && have.Digest != digest {
		return []Difference{{Field: "digest", Old: have.Digest, New: digest}}
	}
	if c.service.Image.Pull == desired.PullNever || have.Up() || have.State == observed.Paused {
		return nil // it runs on as it is
	}
	return []Difference{{Field: "image", Old: have.ImageID, New: c.service.Image.Reference}}
}

// otherDigest reports whether the registry's digest is known and not the node's.
func (c *comparison) otherDigest() bool {
	digest := c.service.Image.Digest
	return digest != "" && c.hasImage && !c.image.Has(digest)
}

// hashDiffers reports whether the container was made from another definition,
// by a provider whose hashes can be compared.
func (c *comparison) hashDiffers(have *observed.Container) bool {
	hash := have.Labels[desired.LabelSpecHash]
	return desired.SameHashVersion(hash) && hash != c.service.Hash()
}

// needsBuild reports whether the image has to be built: it is not there, or it
// was built here from something else. An image that something else built is
// taken as it is, until its context changes.
func (c *comparison) needsBuild(containers []observed.Container) bool {
	if c.service.Image.Build == nil {
		return false
	}
	if !c.hasImage {
		return true
	}
	built := c.image.Labels[desired.LabelBuildHash]
	if built != "" {
		return built != c.service.Image.Build.Hash
	}
	if accepted, ok := c.accepted["build"]; ok {
		return accepted != c.service.Image.Build.Hash
	}
	ours := slices.ContainsFunc(containers, func(o observed.Container) bool { return o.Owned() })
	return ours || len(containers) == 0
}
