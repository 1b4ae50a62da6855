package plan

import (
	"maps"
	"slices"
)

// Either returns the view if one of two outcomes is possible: what both have in common
// is known, and what differs is not. Both have the same services, networks and
// volumes.
func (v View) Either(other View) View {
	one, out := v, v
	out.Services = maps.Clone(one.Services)
	for name, a := range one.Services {
		if b, ok := other.Services[name]; ok {
			out.Services[name] = eitherService(a, b)
		}
	}
	return out
}

func eitherService(a, b Service) Service {
	out := a
	out.Digest, out.State = common(a.Digest, b.Digest), common(a.State, b.State)
	out.Unknown = nil
	for _, key := range slices.Sorted(maps.Keys(a.Spec)) {
		if a.Spec[key] != b.Spec[key] || slices.Contains(a.Unknown, key) {
			out.Unknown = append(out.Unknown, key)
		}
	}
	return out
}

// common is the value that two have in common, or nil.
func common(a, b *string) *string {
	if a == nil || b == nil || *a != *b {
		return nil
	}
	return a
}
