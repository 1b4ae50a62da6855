package plan

import (
	"fmt"
	"strings"

	"github.com/homelab-iac/terraform-provider-homelab/internal/check"
	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

// Plan is what has to be done, in two grains: Changes say what and why to a
// person, Operations say how to the executor. An empty plan changes nothing.
type Plan struct {
	Changes    []Change
	Operations []*Operation
	// Problems are why the plan cannot be carried out; Operations are then
	// incomplete and must not run.
	Problems []check.Problem
	// Missing is what has to exist before the plan is carried out: another resource of
	// the same run may create it.
	Missing []check.Problem
	// Warnings are sentences for the person who plans.
	Warnings []string
	// Restarts are the services, with their states, that are restarted for their
	// state alone: nothing of them was changed, and they are down meanwhile.
	Restarts []Restarted
	// MayClear reports that something is in the way, or missing, that another resource
	// of the run may still free or create.
	MayClear bool
	// Unsure reports that something is in the way of a stack that was not planned yet.
	Unsure bool
	// Starts are the services of which a container is created or started.
	Starts map[string]bool
	// Placements says where each service's delivered files are, or will be.
	Placements Placements
	// SecretVersions counts, by service, the versions of the secrets in its
	// containers' own fields.
	SecretVersions map[string]int
	// Rollback reports whether a failure can be rolled back. It cannot where only the
	// containers are attached that an interrupted plan left detached.
	Rollback bool
}

// Restarted is a service that is restarted for its state.
type Restarted struct{ Service, State string }

// Empty reports whether there is nothing to do.
func (p *Plan) Empty() bool { return len(p.Operations) == 0 }

// Action is what happens to one thing.
type Action string

// The actions.
const (
	Create   Action = "create"
	Recreate Action = "recreate"
	Start    Action = "start"
	Restart  Action = "restart"
	Unpause  Action = "unpause"
	Update   Action = "update" // of limits and the restart policy, in place
	Connect  Action = "connect"
	Rename   Action = "rename"
	TagImage Action = "tag the image of" // the reference is gone, the image is there
	Remove   Action = "remove"
	Replace  Action = "replace"  // of a network
	Reattach Action = "reattach" // to a network that is replaced
	CleanUp  Action = "clean up"
)

// Change is one thing that will differ afterwards.
type Change struct {
	// Subject is "service web/1", "network x_default" or "volume x_data".
	Subject string
	// Name is the engine's name of a network or volume.
	Name string
	// Service is set for containers, with the replica's Number.
	Service string
	Number  int
	Action  Action
	Causes  []Difference
	// Inherited reports that no field of the container differs: it is recreated or
	// restarted because something else in the plan is.
	Inherited bool
}

// Identity names the change; it is the same when the plan is recreated from
// the same situation.
func (c Change) Identity() string { return string(c.Action) + " " + c.Subject }

// Difference is one reason for a change: a field that has another value. Old or
// New is empty where the field is absent. Secrets are already hidden.
type Difference struct {
	Field, Old, New string
}

// String spells the difference as plans do.
func (d Difference) String() string {
	return fmt.Sprintf("%s: %q -> %q", d.Field, d.Old, d.New)
}

// Kind is what an operation asks of the engine.
type Kind string

// The kinds of operations, one engine call each (delivering files: one archive).
const (
	PullImage        Kind = "pull image"
	BuildImage       Kind = "build image"
	CreateNetwork    Kind = "create network"
	RemoveNetwork    Kind = "remove network"
	CreateVolume     Kind = "create volume"
	RemoveVolume     Kind = "remove volume"
	DeliverFiles     Kind = "deliver files"
	CreateContainer  Kind = "create container"
	StartContainer   Kind = "start container"
	RestartContainer Kind = "restart container"
	UnpauseContainer Kind = "unpause container"
	StopContainer    Kind = "stop container"
	RenameContainer  Kind = "rename container"
	RemoveContainer  Kind = "remove container"
	UpdateContainer  Kind = "update container"
	ConnectContainer Kind = "connect container"
	// DisconnectContainer is forced: the container need not run.
	DisconnectContainer Kind = "disconnect container"
	AwaitContainer      Kind = "await container"
	RetagImage          Kind = "tag image"
)

// Operation is one step. Which of the fields below Needs are set depends on
// Kind.
type Operation struct {
	// ID is unique within the plan and stable: the kind and what it acts on.
	ID   string
	Kind Kind
	// Needs are the operations of the same plan that must have succeeded before.
	Needs []*Operation

	// Service and Number are the replica the operation belongs to, if any.
	Service string
	Number  int
	// Container is the ID of an existing container; empty means the one that
	// this plan creates for the replica.
	Container string
	// Name is the object's name: a network, volume, image reference, or a
	// container's name once the operation is done.
	Name string
	// OldName is what a container was called before it is renamed.
	OldName string
	// WasUp reports that a container ran before it is stopped or restarted.
	WasUp bool
	// Hooks run around a start (PreStart, PostStart), a restart (PreStop,
	// PostStart) or a stop (PreStop; PostStart when the stop is undone).
	Hooks desired.Hooks
	// Replaces is the ID of the container that a created one takes over from.
	Replaces string
	// Inherit names, by target, the anonymous volumes that a created container
	// takes over from the one it replaces.
	Inherit map[string]string
	// Parents are the IDs of existing containers, by service, that a created
	// container holds on to; one that the plan makes itself is not among them.
	Parents map[string]string
	// SecretVersion is put on a created container that has secrets in fields.
	SecretVersion int
	// Await is what an AwaitContainer waits for.
	Await Await
	// Network is the engine's network name to connect to or disconnect from.
	Network string
	// Fields are those of the service that an UpdateContainer brings back.
	Fields []string
	// Image is the ID of the image that gets Name as a reference.
	Image string
	// File is the delivered file of DeliverFiles and its CreateVolume.
	File *Placement
	// Made is the network that a CreateNetwork creates, if it is not part of a stack, or
	// that a RemoveNetwork removes and a rollback recreates.
	Made *desired.Network
	// Endpoint is how a container that is not created here is, or was, attached to
	// Network: a rollback attaches it so again.
	Endpoint *desired.Endpoint
}

// Await is the condition in which a container counts as arrived.
type Await string

// The conditions.
const (
	// AwaitRunning: it has stayed up for a moment.
	AwaitRunning Await = "running"
	// AwaitRunningOrDone: it has stayed up, or ended with exit code 0.
	AwaitRunningOrDone Await = "running or completed"
	AwaitHealthy       Await = "healthy"
	AwaitCompleted     Await = "completed"
)

// String writes the plan in a stable form, which tests compare.
func (p *Plan) String() string {
	var b strings.Builder
	for _, c := range p.Changes {
		fmt.Fprintf(&b, "%s\n", c.Identity())
		for _, cause := range c.Causes {
			fmt.Fprintf(&b, "  because %s\n", cause)
		}
	}
	for _, op := range p.Operations {
		fmt.Fprintf(&b, "- %s\n", op.ID)
		for _, need := range op.Needs {
			fmt.Fprintf(&b, "    after %s\n", need.ID)
		}
	}
	for _, problem := range p.Problems {
		fmt.Fprintf(&b, "! %s: %s\n", problem.Attribute, problem.Detail)
	}
	return b.String()
}

// Options are what a plan depends on besides the two sides.
type Options struct {
	// AppliedFields names, by service, the fields that were asked for when Terraform
	// last applied; one that is no longer asked for is a change.
	AppliedFields map[string][]string
	// Accepted holds, by service and field, what was delivered to a container
	// that homelab did not make, as far as it was seen when it was imported: a
	// digest, or a secret's check.
	Accepted map[string]map[string]string
	// RemoveVolumes reports whether Destroy removes named volumes.
	RemoveVolumes bool
	// Declared are the volumes, by the engine's names, that the stack declares as its
	// own: Destroy removes no other.
	Declared []string
	// Leaving names a stack that will be gone by then: its ports are free.
	Leaving string
	// Adopt allows a stack of which homelab made nothing.
	Adopt bool
	// Create reports that the stack is in no state: what the node has of it is another
	// resource's, unless an interrupted create left it.
	Create bool
	// Failed reports that the create that was cut off is one that failed, of the same
	// resource.
	Failed bool
	// Node names the node in messages; empty leaves it out.
	Node string
	// Secrets are what other resources of the same run make of the node's secrets,
	// by name; one that is not here stays as it is.
	Secrets map[string]PlannedSecret
	// NodePaths are the paths of the node that were kept before: see KeepNodePaths.
	NodePaths map[string]map[string]string
	// Rotated has the secrets whose values are not known yet differ from the node's.
	// Otherwise they are taken to be the same.
	Rotated bool
	// Others are what the other stacks of the same run take of this node.
	Others []check.Reservation
	// Applying is as in [World].
	Applying bool
}
