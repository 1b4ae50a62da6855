package desired

import (
	"maps"
	"reflect"
)

// Same reports whether two stacks ask for the same. Docker Compose's own hashes
// don't count: they differ with the spelling of a document.
func (s *Stack) Same(other *Stack) bool {
	return reflect.DeepEqual(s.unhashed(), other.unhashed())
}

// unhashed is a copy without Docker Compose's hashes.
func (s *Stack) unhashed() Stack {
	out := *s
	out.Services, out.Networks, out.Volumes = maps.Clone(s.Services), maps.Clone(s.Networks), maps.Clone(s.Volumes)
	for key, service := range out.Services {
		service.ComposeHash = ComposeHash{}
		out.Services[key] = service
	}
	for key, network := range out.Networks {
		network.ComposeHash = ""
		out.Networks[key] = network
	}
	for key, volume := range out.Volumes {
		volume.ComposeHash = ""
		out.Volumes[key] = volume
	}
	return out
}
