package plan_test

import (
	"fmt"
	"strings"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
)

// forgetNetwork takes the fields of a network away.
func (b *box) forgetNetwork(name string) {
	for key := range b.Spec {
		if key == "networks."+name || strings.HasPrefix(key, "networks."+name+".") {
			delete(b.Spec, key)
		}
	}
}

// connect refuses, as an engine does, a network that the container is on, and
// one that is not there.
func (x *execution) connect(op *plan.Operation, b *box) error {
	n, ok := x.networks[op.Network]
	if !ok {
		return fmt.Errorf("no such network")
	}
	if _, joined := b.NetworkIDs[op.Network]; joined {
		return fmt.Errorf("%s is on %s already", b.Name, op.Network)
	}
	b.NetworkIDs[op.Network] = n.ID
	s := x.want.Services[b.Service]
	for key, value := range s.Spec(nil) {
		if key == "networks."+op.Network || strings.HasPrefix(key, "networks."+op.Network+".") {
			b.Spec[key] = value
		}
	}
	if b.Up() {
		return x.addressesFree(b, op.Network)
	}
	return nil
}

// update refuses what no engine can change or take away, and a definition that
// the container was not made from: its labels would lie.
func (x *execution) update(op *plan.Operation, b *box) error {
	s := x.want.Services[b.Service]
	if b.Labels[desired.LabelSpecHash] != s.Hash() {
		return fmt.Errorf("%s was made from another definition", b.Name)
	}
	if b.State == observed.Paused || b.State == observed.Restarting {
		return fmt.Errorf("%s is %s", b.Name, b.State)
	}
	spec := s.Spec(nil)
	for _, field := range op.Fields {
		value, asked := spec[field]
		if !desired.IsUpdatable(field, !asked) {
			return fmt.Errorf("%s cannot be brought to %q", field, value)
		}
		if delete(b.Spec, field); asked {
			b.Spec[field] = value
		}
	}
	return nil
}
