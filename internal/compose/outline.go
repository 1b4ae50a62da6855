package compose

import (
	"context"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

// Outline returns what the documents declare, as far as it is known without
// the values of secrets: services with their ports, networks, labels and
// dependencies, and networks. A variable without a value counts as empty, also a
// required one; secrets in the input are ignored. Of files only those are read
// that the documents extend, include or name in label_file: nothing is delivered
// or built, so those entries are empty, and what only [Load] checks is not
// checked.
//
// Its errors are [*Error] values, joined; see [Errors].
func Outline(ctx context.Context, in Input) (desired.Stack, error) {
	in.Secrets, in.Unknown, in.UnknownNames = nil, nil, false
	l := &load{in: in, table: knownKeys(), warnings: map[string]bool{}, lenient: true}
	l.masks = newMasks(nil, nil)
	if !l.prepare() {
		return desired.Stack{}, l.problems.err()
	}
	m, err := l.read(ctx, nil)
	if err == nil {
		m.resolved, err = m.resolved.WithServicesLabelsResolved(false)
	}
	if err != nil {
		l.diagnose(err)
		return desired.Stack{}, l.failure(ctx)
	}
	stack := desired.Stack{Name: in.Name, Services: map[string]desired.Service{}, Networks: l.networks(m.resolved)}
	for _, name := range sortedKeys(m.asWritten.Services) {
		stack.Services[name] = l.wire(m, name)
	}
	return stack, l.failure(ctx)
}
