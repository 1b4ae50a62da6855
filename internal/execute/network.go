package execute

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/docker/docker/api/types/network"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
)

func (r *run) createNetwork(ctx context.Context, op *plan.Operation) error {
	n, marks, err := r.networkOf(op)
	if err != nil {
		return err
	}
	return r.makeNetwork(ctx, n, marks)
}

// networkOf returns the network that a [plan.CreateNetwork] makes, and the marks that
// say whose it is.
func (r *run) networkOf(op *plan.Operation) (*desired.Network, map[string]string, error) {
	if op.Made != nil && op.Made.IsReattachNote() {
		return op.Made, nil, nil
	}
	if op.Made != nil {
		return op.Made, map[string]string{desired.LabelNetworkName: op.Made.Name}, nil
	}
	for key, n := range r.want.Networks {
		if n.Name == op.Name {
			return &n, map[string]string{
				desired.LabelProject: r.want.Name, desired.LabelNetwork: key, desired.LabelStack: r.want.Name,
				desired.LabelConfigHash: n.ComposeHash, desired.LabelComposeVer: composeVersion,
			}, nil
		}
	}
	return nil, nil, fmt.Errorf("create network %s: not declared", op.Name)
}

// makeNetwork makes a network with its own labels and marks that say whose it is. A
// node gives up its part of a swarm's network some time after the swarm has, so a
// name that was just removed may still be taken.
func (r *run) makeNetwork(ctx context.Context, n *desired.Network, marks map[string]string) error {
	err := patiently(ctx, lastSwarmPause, func() (bool, error) {
		_, err := r.engine.NetworkCreate(ctx, n.Name, n.CreateOptions(marks))
		return err != nil && n.Driver == desired.DriverOverlay && strings.Contains(err.Error(), "with name "+n.Name+" already exists"), err
	})
	if err != nil {
		return fmt.Errorf("create network %s: %w", n.Name, err)
	}
	return nil
}

// makeAgain brings a network back as it was, in place of one that a create that
// was given up may have left. Its labels still say whose it is.
func (r *run) makeAgain(ctx context.Context, n *desired.Network) error {
	if err := r.removeNetwork(ctx, n.Name); err != nil {
		return err
	}
	return r.makeNetwork(ctx, n, nil)
}

// attach puts a container that was not made here on a network, as the plan says, or
// finds it there: its stack may have come first.
func (r *run) attach(ctx context.Context, op *plan.Operation) error {
	err := r.engine.NetworkConnect(ctx, op.Network, op.Container, op.Endpoint)
	if err == nil || strings.Contains(err.Error(), "already exists in network") && r.isOn(ctx, op) {
		return nil
	}
	return fmt.Errorf("connect container to network %s: %w", op.Network, err)
}

// isOn reports whether a container is on the network.
func (r *run) isOn(ctx context.Context, op *plan.Operation) bool {
	c, err := r.engine.ContainerInspect(ctx, op.Container)
	return err == nil && c.NetworkSettings != nil && c.NetworkSettings.Networks[op.Network] != nil
}

// detachAgain undoes attach. A container that is not on the network is left alone.
func (r *run) detachAgain(ctx context.Context, op *plan.Operation) error {
	err := ignoreNotFound(r.engine.NetworkDisconnect(ctx, op.Network, op.Container, true))
	if err != nil && !r.isOn(ctx, op) {
		return nil
	}
	return err
}

// How long an engine is given to notice that nobody is on a network any more, and a
// node to give up its part of a swarm's network: pauses that double, some twelve
// seconds together, and fifty.
const (
	firstNetworkPause = 100 * time.Millisecond
	lastNetworkPause  = 10 * time.Second
	lastSwarmPause    = 40 * time.Second
)

// removeNetwork removes a network, or finds it gone. Engines answer that a
// container is removed before its endpoints are counted off, so a refusal for
// endpoints is asked about again; containers that stay on it are an error. Endpoints that
// the engine keeps of no container are then disconnected: 20.10 loses some while many
// containers are removed.
func (r *run) removeNetwork(ctx context.Context, name string) error {
	remove := func() (bool, error) {
		err := ignoreNotFound(r.engine.NetworkRemove(ctx, name))
		return err != nil && mayPass(err), err
	}
	err := patiently(ctx, lastNetworkPause, remove)
	if err != nil && r.disconnectLost(ctx, name) {
		_, err = remove()
	}
	return err
}

// disconnectLost disconnects the endpoints of a network that belong to no container, and
// reports whether there were any. An engine lists these by "ep-" and their own ID (moby,
// daemon/network.go, buildContainerAttachments).
func (r *run) disconnectLost(ctx context.Context, name string) (found bool) {
	n, err := r.engine.NetworkInspect(ctx, name, network.InspectOptions{})
	if err != nil {
		return false
	}
	for key, endpoint := range n.Containers {
		if strings.HasPrefix(key, "ep-") && r.engine.NetworkDisconnect(ctx, name, endpoint.Name, true) == nil {
			found = true
		}
	}
	return found
}

// notOfSwarm is how an engine refuses to remove its part of a network that the swarm
// has removed (moby, daemon/cluster/helpers.go). It goes by itself.
var notOfSwarm = regexp.MustCompile(`network [a-z0-9]{25} not found$`)

// mayPass reports whether a network that cannot be removed now may be soon.
func mayPass(err error) bool {
	text := err.Error()
	return strings.Contains(text, "has active endpoints") || strings.Contains(text, "is in use by task") || notOfSwarm.MatchString(text)
}

// patiently calls ask until it says that there is no use in asking again, or after
// the last pause.
func patiently(ctx context.Context, last time.Duration, ask func() (again bool, err error)) error {
	for pause := firstNetworkPause; ; pause *= 2 {
		again, err := ask()
		if !again || pause > last || !sleep(ctx, pause) {
			return err
		}
	}
}
