package compose

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

// masks are the markers that replace secrets in the masked load. A marker is
// made from the secret's name alone, so what is derived from the masked load,
// such as Docker Compose's hash, is the same in every run and says nothing about
// the value. It is all lower-case letters and digits: no parser of Compose cuts
// or quotes it.
type masks struct {
	byName map[string]string
	names  []string
	// unknown are the secrets of which nobody knows the value yet.
	unknown map[string]bool
}

func newMasks(known, unknown []string) masks {
	m := masks{byName: map[string]string{}, names: sorted(slices.Concat(known, unknown)), unknown: map[string]bool{}}
	for _, name := range unknown {
		m.unknown[name] = true
	}
	for _, name := range m.names {
		sum := sha256.Sum256([]byte("homelab secret " + name))
		m.byName[name] = "secret" + hex.EncodeToString(sum[:12])
	}
	return m
}

// in returns the names of the secrets whose marker is in text, in order.
func (m masks) in(text string) []string {
	var names []string
	for _, name := range m.names {
		if strings.Contains(text, m.byName[name]) {
			names = append(names, name)
		}
	}
	return names
}

// name replaces markers in a text for people.
func (m masks) name(text string) string {
	for _, name := range m.names {
		text = strings.ReplaceAll(text, m.byName[name], "(secret "+name+")")
	}
	return text
}

// guesses reports whether a secret among those in text has no known value.
func (m masks) guesses(text string) bool { return m.anyUnknown(m.in(text)) }

func (m masks) anyUnknown(names []string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return m.unknown[name] })
}

// fields calls f for every field of a tree that holds a secret, with the
// secrets' names and whether it is the field's own name that holds them.
func (m masks) fields(value any, path fieldPath, f func(path fieldPath, names []string, inKey bool)) {
	switch v := value.(type) {
	case map[string]any:
		for _, key := range sortedKeys(v) {
			if names := m.in(key); len(names) > 0 {
				f(path, names, true)
				continue
			}
			m.fields(v[key], path.next(key), f)
		}
	case []any:
		for i, item := range v {
			m.fields(item, path.next(strconv.Itoa(i)), f)
		}
	case string:
		if names := m.in(v); len(names) > 0 {
			f(path, names, false)
		}
	}
}

// uses lists the fields that hold secrets, for a message.
func (m masks) uses(tree map[string]any) string {
	var uses []string
	m.fields(tree, nil, func(path fieldPath, _ []string, _ bool) { uses = append(uses, path.String()) })
	return strings.Join(uses, ", ")
}

// specSecrets returns the fields of a masked service's spec that hold secrets.
func (m masks) specSecrets(masked *desired.Service) map[string][]string {
	secrets := map[string][]string{}
	for key, value := range masked.Spec(nil) {
		if names := m.in(value); len(names) > 0 {
			secrets[key] = names
		}
	}
	if len(secrets) == 0 {
		return nil
	}
	return secrets
}

// specUnknown returns the fields that hold a secret whose value is not known.
func (m masks) specUnknown(secrets map[string][]string) map[string]bool {
	var unknown map[string]bool
	for key, names := range secrets {
		if m.anyUnknown(names) {
			if unknown == nil {
				unknown = map[string]bool{}
			}
			unknown[key] = true
		}
	}
	return unknown
}

// checkSecrets reports secrets in fields that anyone may read, or that are no
// text.
func (l *load) checkSecrets(tree map[string]any, enabled map[string]bool) {
	l.masks.fields(tree, nil, func(path fieldPath, names []string, inKey bool) {
		switch {
		case len(path) == 0:
			l.addErrorAt(path, "secret %s is used as a name", strings.Join(names, ", "))
			return
		case path[0] == "services" && len(path) > 1 && !enabled[path[1]]:
			return
		}
		name := strings.Join(names, ", ")
		key := keyName(path)
		section, _, _ := strings.Cut(key, ".")
		switch {
		case inKey || isEnvironment(path) && !l.masks.isEnvironmentValue(tree, path):
			l.addErrorAt(path, "%ssecret %s is used as a name in %s: only values may be secret", owner(path), name, key)
		case secretAllowed(path):
		case section == "labels" || section == "annotations":
			l.addErrorAt(path, "%ssecret %s is used in %s: labels are shown to everyone who may list containers; give it to the service in environment or as a file under secrets", owner(path), name, key)
		case strings.HasPrefix(key, "build.args"):
			l.addErrorAt(path, "%ssecret %s is used in %s: what goes into a build's arguments stays in the image's history; name it under the top-level secrets and build.secrets, and mount it in the step that needs it (RUN --mount=type=secret)", owner(path), name, key)
		default:
			l.addErrorAt(path, "%ssecret %s is used in %s, which everyone may read; a secret may be used in environment, command, entrypoint, healthcheck.test, the content of a config, and as a file under secrets", owner(path), name, key)
		}
	})
}

// secretAllowed reports whether a field may hold a secret.
func secretAllowed(path fieldPath) bool {
	for _, part := range path {
		if strings.HasPrefix(part, "x-") {
			return true
		}
	}
	switch path[0] {
	case "configs", "secrets":
		return len(path) == 3 && path[2] == "content"
	case "services":
		return len(path) > 2 && (slices.Contains([]string{"environment", "command", "entrypoint"}, path[2]) ||
			len(path) > 3 && path[2] == "healthcheck" && path[3] == "test" || isHookSecret(path))
	}
	return false
}

// isHookSecret reports whether a field of a hook may hold a secret.
func isHookSecret(path fieldPath) bool {
	return len(path) > 4 && slices.Contains(hookKeys, path[2]) && slices.Contains([]string{"environment", "command"}, path[4])
}

// isEnvironment reports whether a field is in a service's or a hook's environment.
func isEnvironment(path fieldPath) bool {
	return len(path) > 2 && path[0] == "services" && (path[2] == "environment" || isHookSecret(path) && path[4] == "environment")
}

// isEnvironmentValue reports whether the marker in an environment's item stands
// after the "=".
func (m masks) isEnvironmentValue(tree any, path fieldPath) bool {
	item, ok := value(tree, path).(string)
	if _, isList := value(tree, path[:len(path)-1]).([]any); !ok || !isList {
		return true
	}
	name, _, _ := strings.Cut(item, "=")
	return len(m.in(name)) == 0
}

// value returns what is at path in a tree, or nil.
func value(tree any, path fieldPath) any {
	for _, key := range path {
		switch v := tree.(type) {
		case map[string]any:
			tree = v[key]
		case []any:
			i, err := strconv.Atoi(key)
			if err != nil || i >= len(v) {
				return nil
			}
			tree = v[i]
		default:
			return nil
		}
	}
	return tree
}
