package converge

import (
	"fmt"
	"strings"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
)

// unbuildable tells which builds of a plan the engine has no means for, as far as
// its API version says so.
func unbuildable(engine Engine, want *desired.Stack, p *plan.Plan) []plan.Problem {
	var problems []plan.Problem
	for _, op := range p.Operations {
		if op.Kind != plan.BuildImage {
			continue
		}
		if keys := want.Services[op.Service].Image.Build.Lacking(engine.ClientVersion()); len(keys) > 0 {
			problems = append(problems, plan.Problem{Attribute: "compose", Detail: fmt.Sprintf(
				"Service %q: the BuildKit of this node's engine (API %s) does not know %s: that needs Docker Engine 23.0 or newer. "+
					"Upgrade the engine on that node, or build the image elsewhere, push it, and use its name as image.",
				op.Service, engine.ClientVersion(), strings.Join(keys, ", "))})
		}
	}
	return problems
}
