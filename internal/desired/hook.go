package desired

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Hooks are the commands that run around the life of a service's containers.
// Nil and empty lists mean none.
type Hooks struct {
	// PreStart run one after another in containers of their own, once for the
	// service and not for each replica, before its first container starts.
	PreStart []Hook
	// PostStart run one after another in a container that has just started.
	PostStart []Hook
	// PreStop run one after another in a container that is about to be stopped.
	PreStop []Hook
}

// Hook is one command. Its environment and command may hold secrets: the keys
// of Service.Secret say which of their fields do.
type Hook struct {
	// Command is what runs, one item for each argument; for a PreStart hook nil
	// means what the image itself runs.
	Command []string
	// Image is what a PreStart hook runs in, as the user wrote it; empty means
	// the service's own. Others have none.
	Image string
	// User, WorkingDir are empty for the container's (PreStart: the image's).
	User       string
	WorkingDir string
	Privileged bool
	// Environment lists KEY=value, sorted; a KEY alone has no value. It comes in
	// addition to the container's (PreStart: the service's).
	Environment []string
}

// IsEmpty reports whether no hook is declared.
func (h *Hooks) IsEmpty() bool {
	return h == nil || len(h.PreStart)+len(h.PostStart)+len(h.PreStop) == 0
}

// The keys of a service's hooks, which begin the names of their fields.
const (
	keyPreStart  = "pre_start"
	keyPostStart = "post_start"
	keyPreStop   = "pre_stop"
)

// IsHook reports whether a field shows a part of a hook.
func IsHook(key string) bool {
	kind, _, _ := strings.Cut(key, ".")
	return kind == keyPreStart || kind == keyPostStart || kind == keyPreStop
}

// hookFields writes hooks as "post_start.0.command", counted from 0.
func hookFields(v View, s Spec) {
	if v.Hooks.IsEmpty() {
		return
	}
	for kind, hooks := range map[string][]Hook{keyPreStart: v.Hooks.PreStart, keyPostStart: v.Hooks.PostStart, keyPreStop: v.Hooks.PreStop} {
		for i, hook := range hooks {
			at := kind + "." + strconv.Itoa(i)
			commandField(s, at+".command", hook.Command)
			s.text(at+".image", hook.Image)
			s.text(at+".user", hook.User)
			s.text(at+".working_dir", hook.WorkingDir)
			s.flag(at+".privileged", hook.Privileged)
			for _, pair := range hook.Environment {
				key, value, ok := strings.Cut(pair, "=")
				if !ok {
					value = unsetVariable
				}
				s[at+".environment."+key] = value
			}
			if _, ok := s[at+".command"]; !ok {
				s[at+".command"] = imageCommand
			}
		}
	}
}

const (
	imageCommand  = "(the image's)"
	unsetVariable = "(not set)"
)

// HookRecord is what a container's label keeps of the hooks it was made with:
// the engine has no place for them.
type HookRecord struct {
	// Fields are those of Spec that show hooks, except for the secret ones.
	Fields Spec `json:"fields,omitempty"`
	// Secret holds a slow salted hash of each field that carries a secret.
	Secret map[string]SecretCheck `json:"secret,omitempty"`
}

// HookLabel returns the value of LabelHooks for a container of the service, or
// "" for one without hooks. It takes some tens of milliseconds for each field
// that carries a secret, and fails only where a SecretCheck does.
func (s *Service) HookLabel() (string, error) {
	if s.Hooks.IsEmpty() {
		return "", nil
	}
	fields := Spec{}
	hookFields(View{Hooks: s.Hooks}, fields)
	record := HookRecord{Fields: Spec{}, Secret: map[string]SecretCheck{}}
	for key, value := range fields {
		if _, secret := s.Secret[key]; !secret {
			record.Fields[key] = value
			continue
		}
		check, err := NewSecretCheck([]byte(value))
		if err != nil {
			return "", fmt.Errorf("check %s: %w", key, err)
		}
		record.Secret[key] = check
	}
	text, err := json.Marshal(record)
	return string(text), err
}

// ReadHookLabel reads a label that HookLabel wrote. One that is empty or that
// somebody changed to something else means no hooks.
func ReadHookLabel(label string) HookRecord {
	var record HookRecord
	if json.Unmarshal([]byte(label), &record) != nil {
		return HookRecord{}
	}
	return record
}

// Spec returns the record's fields; one that carries a secret shows its check.
func (r HookRecord) Spec() Spec {
	spec := Spec{}
	for key, value := range r.Fields {
		spec[key] = value
	}
	for key, check := range r.Secret {
		spec[key] = string(check)
	}
	return spec
}

// Hooks returns the recorded hooks of a container whose definition is not at
// hand, as when a stack is destroyed. It returns false for hooks that carry a
// secret, which nobody knows any more.
func (r HookRecord) Hooks() (Hooks, bool) {
	hooks := Hooks{}
	for kind, list := range map[string]*[]Hook{keyPreStart: &hooks.PreStart, keyPostStart: &hooks.PostStart, keyPreStop: &hooks.PreStop} {
		for i := 0; ; i++ {
			at := kind + "." + strconv.Itoa(i) + "."
			if _, ok := r.Fields[at+"command"]; !ok {
				break
			}
			*list = append(*list, r.hook(at))
		}
	}
	return hooks, len(r.Secret) == 0
}

func (r HookRecord) hook(at string) Hook {
	hook := Hook{
		Image: r.Fields[at+"image"], User: r.Fields[at+"user"],
		WorkingDir: r.Fields[at+"working_dir"], Privileged: r.Fields[at+"privileged"] == "true",
	}
	if command := r.Fields[at+"command"]; command != imageCommand {
		_ = json.Unmarshal([]byte(command), &hook.Command) // not what HookLabel wrote: nothing to run
	}
	for key, value := range r.Fields {
		name, ok := strings.CutPrefix(key, at+"environment.")
		switch {
		case !ok:
		case value == unsetVariable:
			hook.Environment = append(hook.Environment, name)
		default:
			hook.Environment = append(hook.Environment, name+"="+value)
		}
	}
	slices.Sort(hook.Environment)
	return hook
}
