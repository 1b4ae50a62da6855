package stack

import (
	"cmp"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/homelab-iac/terraform-provider-homelab/internal/core"
	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

// harmless are the environment variables whose values are shown without being
// asked for: by convention they hold a time zone, a user, a language or how much is
// logged. The attribute's description and the guide list them too.
var harmless = []string{"TZ", "PUID", "PGID", "UID", "GID", "UMASK", "LANG", "LANGUAGE", "LC_*", "LOG_LEVEL"}

// alreadyHidden are the texts that replace a value.
var alreadyHidden = regexp.MustCompile(`^(secret \(version \d+\)|set outside Terraform|\(hidden, [0-9a-f]{8}\))( \| secret \(version \d+\)| \| set outside Terraform)*$`)

// saltBytes is the length of a salt.
const saltBytes = 16

// newSalt returns a random salt for one stack.
func newSalt() []byte {
	salt := make([]byte, saltBytes)
	_, _ = rand.Read(salt) // it never fails
	return salt
}

// shown decides which values of a stack's fields Terraform shows. Terraform tells
// no provider which values are sensitive, so free text is hidden unless it is asked
// for. The decision depends on the field and its value alone, never on another one:
// what does not change looks the same whatever happens around it.
type shown struct {
	// salt makes the texts in place of hidden values; empty means that there is none
	// yet, and such values are unknown.
	salt []byte
	// asked matches the fields that are shown although they are free text.
	asked []*regexp.Regexp
}

// newShown returns the decision for a stack. The patterns are fields of a service's
// spec in which * matches any text.
func newShown(salt []byte, patterns []string) shown {
	s := shown{salt: salt}
	for _, name := range harmless {
		s.asked = append(s.asked, pattern("environment."+name))
	}
	for _, text := range patterns {
		s.asked = append(s.asked, pattern(text))
	}
	return s
}

func pattern(text string) *regexp.Regexp {
	return regexp.MustCompile("(?s)^" + strings.ReplaceAll(regexp.QuoteMeta(text), `\*`, ".*") + "$")
}

// hides reports whether a field's value is not shown.
func (s shown) hides(key string) bool {
	return desired.IsFreeText(key) && !slices.ContainsFunc(s.asked, func(p *regexp.Regexp) bool { return p.MatchString(key) })
}

// text is how a field's value is shown. It is false where that cannot be known yet.
// A text that replaces a value already stays as it is.
func (s shown) text(key, value string) (string, bool) {
	switch {
	case !s.hides(key) || alreadyHidden.MatchString(value):
		return value, true
	case len(s.salt) == 0:
		return "", false
	}
	mac := hmac.New(sha256.New, s.salt)
	mac.Write([]byte(key + "\n" + value))
	return "(hidden, " + hex.EncodeToString(mac.Sum(nil)[:4]) + ")", true
}

// view returns a view with the values as they are shown. The given one stays as it is.
func (s shown) view(view core.View) core.View {
	view.Services, view.Networks = maps.Clone(view.Services), maps.Clone(view.Networks)
	for name, service := range view.Services {
		service.Spec, service.Unknown = s.spec(service.Spec, service.Unknown)
		view.Services[name] = service
	}
	for name, network := range view.Networks {
		network.Spec, network.Unknown = s.spec(network.Spec, network.Unknown)
		view.Networks[name] = network
	}
	return view
}

// preview replaces the values in a preview by what is shown.
func (s shown) preview(p *core.Preview) {
	p.After = s.view(p.After)
	if p.Rotated != nil {
		rotated := *p.Rotated
		rotated.After = s.view(rotated.After)
		p.Rotated = &rotated
	}
}

// spec returns fields as they are shown, and which of them are unknown.
func (s shown) spec(spec map[string]string, unknown []string) (map[string]string, []string) {
	if spec == nil {
		return nil, unknown
	}
	out := make(map[string]string, len(spec))
	for key, value := range spec {
		text, known := s.text(key, value)
		if !known {
			unknown = append(slices.Clip(unknown), key)
		}
		out[key] = text
	}
	slices.Sort(unknown)
	return out, slices.Compact(unknown)
}

// differences says why an applied stack is not as it was asked for.
func (s shown) differences(changes []core.Change) string {
	var lines []string
	for _, c := range changes {
		for _, cause := range c.Causes {
			if s.hides(cause.Field) {
				lines = append(lines, c.Subject+" "+cause.Field+" (its values are not shown)")
				continue
			}
			lines = append(lines, c.Subject+" "+cause.String())
		}
	}
	return strings.Join(lines, "; ")
}

// shortestValue is how many bytes of a hidden value have to be in a row to be
// taken for it. It is longer than for a secret, since most hidden values are none:
// texts such as "true" and "5432" stay readable.
const shortestValue = 8

// redactions returns the hidden values of a stack that may turn up in what a program or an
// engine says, with what is said in their place: of environment variables and of
// Terraform's variables. What a shown field says too is no longer a secret, and an
// error about a path or an image has to name it.
func (s shown) redactions(want *desired.Stack, variables map[string]string) []desired.Redaction {
	var visible strings.Builder
	values := map[string]string{}
	note := func(value, name string) {
		if known, seen := values[value]; len(value) >= shortestValue && (!seen || name < known) {
			values[value] = name
		}
	}
	for name, value := range variables {
		if s.hides("environment." + name) {
			note(value, "(variable "+name+")")
		}
	}
	for _, service := range want.Services {
		visible.WriteString(service.Image.Reference + "\n" + service.ContainerName + "\n")
		for key, value := range service.Spec(nil) {
			_, secret := service.Secret[key]
			switch environment, is := strings.CutPrefix(key, "environment."); {
			case secret:
			case !s.hides(key):
				visible.WriteString(key + "\n" + value + "\n")
			case is:
				note(value, "(environment "+environment+")")
			}
		}
	}
	var redactions []desired.Redaction
	for value, name := range values {
		if !strings.Contains(visible.String(), value) {
			redactions = append(redactions, desired.Redaction{Hidden: value, Shown: name})
		}
	}
	slices.SortFunc(redactions, func(a, b desired.Redaction) int { return cmp.Compare(a.Hidden, b.Hidden) })
	return redactions
}
