package plan

import (
	"maps"
	"slices"
)

// Common returns what two views that are possible have in common: a value in which they
// differ is unknown. Both have the same services, networks and volumes.
func (v View) Common(other View) View {
	one, out := v, v
	out.Services = maps.Clone(one.Services)
	for name, a := range one.Services {
		if b, ok := other.Services[name]; ok {
			out.Services[name] = commonService(a, b)
		}
	}
	return out
}

func commonService(a, b Service) Service {
	out := a
	out.Digest, out.State = sameOrNil(a.Digest, b.Digest), sameOrNil(a.State, b.State)
	out.Unknown = nil
	for _, key := range slices.Sorted(maps.Keys(a.Spec)) {
		if a.Spec[key] != b.Spec[key] || slices.Contains(a.Unknown, key) {
			out.Unknown = append(out.Unknown, key)
		}
	}
	return out
}

// sameOrNil is the value that two have in common, or nil.
func sameOrNil(a, b *string) *string {
	if a == nil || b == nil || *a != *b {
		return nil
	}
	return a
}
