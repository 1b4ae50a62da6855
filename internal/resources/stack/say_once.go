package stack

import (
	"maps"

	"github.com/homelab-iac/terraform-provider-homelab/internal/compose"
)

// saysItAll reports whether the document alone says what the services will be, so that
// who reads a plan of a create sees it all there: nothing is merged over it, read from
// other files, put in for a name or left out of it.
func (m *model) saysItAll(config *model) bool {
	return len(m.Overrides.Elements()) == 0 && len(m.Profiles.Elements()) == 0 && len(m.Variables.Elements()) == 0 &&
		config.Secrets.IsNull() && compose.IsComplete(m.Compose.ValueString())
}

// omitSpecs leaves the services' fields to the apply, which fills them in.
func (m *model) omitSpecs() {
	m.view.Services = maps.Clone(m.view.Services)
	for name, service := range m.view.Services {
		service.Spec, service.Unknown = nil, nil
		m.view.Services[name] = service
	}
}
