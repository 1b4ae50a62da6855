package observed

import (
	"cmp"
	"maps"
	"slices"
	"sort"
	"time"

	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/volume"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

// Stack is what exists of one stack on a node. Its maps are never nil; Networks,
// Volumes, Names, Containers, Attached, Secrets and Ports are shared with the node's
// other stacks and not to be written to.
type Stack struct {
	Name string
	// Services holds each service's containers, best first: the one that runs
	// and was made last comes before what an interrupted change left.
	Services map[string][]Container
	Networks map[string]Network // by the engine's name, all of the node
	Volumes  map[string]Volume  // by name, all of the node
	Images   map[string]Image   // by reference and by ID, those that were looked up
	// Names holds the ID of every container on the node, by name, Containers whose it
	// is, by ID, and Attached the IDs of those that run on a network, by its name.
	Names      map[string]string
	Containers map[string]Holder
	// Guests are the containers that share the network namespace of another one, by
	// that one's ID.
	Guests   map[string][]Holder
	Attached map[string][]string
	// Secrets are those of the node that are resources of their own, by name.
	Secrets map[string]*Secret
	// Ports says who publishes a host port on the node, by "address:port/protocol".
	Ports map[string]Holder
	// Scratch holds the IDs of containers that were made to deliver files and
	// were not removed, because a change was interrupted.
	Scratch []string
	// Owned reports whether homelab made anything of the stack.
	Owned bool
	// Unfinished reports that a create of the stack was cut off: no state has it.
	Unfinished bool
	// APIVersion is the version the engine speaks with us.
	APIVersion string

	cache    Cache                        // from before
	nameOfID map[string]string            // of every container on the node
	mounted  map[string]map[string]string // see index
}

// Network is a network as the engine lists it.
type Network = network.Summary

// Volume is a volume as the engine lists it.
type Volume = volume.Volume

// Holder is a container that has a name or publishes a port. Stack and Service are
// empty for one of no project.
type Holder struct {
	Container, Stack, Service string
	// Owned reports whether homelab made it.
	Owned bool
}

// State is the condition of a container as the text that plans show.
type State string

// The states. Running means up without a health check; Completed means it
// ended with exit code 0 as it was meant to.
const (
	Missing    State = "missing"
	Created    State = "created"
	Running    State = "running"
	Starting   State = "starting"
	Healthy    State = "healthy"
	Unhealthy  State = "unhealthy"
	Paused     State = "paused"
	Restarting State = "restarting"
	Exited     State = "exited"
	Completed  State = "completed"
	Dead       State = "dead"
	Removing   State = "removing"
)

// severity orders states from the one that needs attention most.
var severity = []State{Dead, Removing, Exited, Restarting, Unhealthy, Paused, Created, Starting, Running, Healthy, Completed}

// Worse reports whether a state needs attention more than another one.
func (s State) Worse(than State) bool {
	return slices.Index(severity, s) < slices.Index(severity, than)
}

// Worst returns the one of several states that needs attention most.
func Worst(states []State) State {
	return slices.MinFunc(states, func(a, b State) int { return cmp.Compare(slices.Index(severity, a), slices.Index(severity, b)) })
}

// Container is one container as the engine has it.
type Container struct {
	ID, Name string
	Service  string
	// Number is the replica's number, from 1.
	Number int
	State  State
	// ExitCode is that of the last run of a container that does not run.
	ExitCode  int
	OOMKilled bool
	// Error is the engine's word on a start that failed.
	Error        string
	RestartCount int
	StartedAt    time.Time
	Created      time.Time
	// Image is the reference it was made from, ImageID what that was then.
	Image, ImageID string
	// Digest is the registry's digest of that image ("sha256:…"), empty where
	// nobody knows one.
	Digest string
	// Untagged reports that the node has that image, but not by that reference.
	Untagged bool
	Labels   map[string]string
	// Spec has every field. Values are real: environment values may be secret.
	Spec desired.Spec
	// Defaults names the fields of Spec whose value is just the image's own.
	Defaults map[string]bool
	// FileVolumes names the volume of each delivered file, by target.
	FileVolumes map[string]string
	// Anonymous names the volume that the engine made, unasked for a name, for
	// each target that has one.
	Anonymous map[string]string
	// Binds are the node's paths that it mounts, by target; files that homelab
	// delivered are none.
	Binds map[string]Bind
	// NetworkIDs are the identities of the joined networks, by name.
	NetworkIDs map[string]string
	// Endpoints are how it is on them, by name, so that it can be attached as it was.
	Endpoints map[string]desired.Endpoint
	// Shares are the IDs of the containers whose namespaces or volumes it shares.
	Shares []string
	// Health is the outcome of the last health checks, oldest first.
	Health []HealthCheck
	// HasHealthcheck reports whether a health check is defined, by image or service.
	HasHealthcheck bool
}

// Bind is a path of the node in a container.
type Bind struct {
	Source   string
	ReadOnly bool
}

// HealthCheck is one run of a health check.
type HealthCheck struct {
	At       time.Time
	ExitCode int
	Output   string
}

// Image is an image on the node.
type Image struct {
	ID string
	// ContentID is what Docker Compose's labels know it by.
	ContentID string
	// Digest is "sha256:…" as the registry of the reference knows it, or else any
	// registry; empty for one built here.
	Digest string
	// RepoDigests are all of its digests, "repository@sha256:…". See Has.
	RepoDigests []string
	// Spec holds the fields that the image gives to its containers.
	Spec   desired.Spec
	Labels map[string]string
	// Age is how long before it was read the image was last tagged or pulled on
	// the node; one whose time is not known is very old.
	Age    time.Duration
	tagged time.Time
	// HasHealthcheck reports whether the image defines a health check.
	HasHealthcheck bool
}

// Owned reports whether homelab made the container.
func (c *Container) Owned() bool { return c.Labels[desired.LabelStack] != "" }

// Up reports whether the container runs in any way.
func (c *Container) Up() bool {
	switch c.State {
	case Running, Starting, Healthy, Unhealthy, Restarting:
		return true
	default:
		return false
	}
}

// Network describes a network that exists so that the same can be recreated.
func (s *Stack) Network(name string) desired.Network {
	n := NetworkOnNode{Name: name, Network: s.Networks[name], Exists: true, APIVersion: s.APIVersion}
	return n.Desired()
}

// Tagged is the stack as it is once the image with the given ID has a reference.
func (s *Stack) Tagged(ref, id string) *Stack {
	tagged := *s
	tagged.Images = maps.Clone(s.Images)
	tagged.Images[ref] = s.Images[id]
	return &tagged
}

// sortContainers puts the container that counts as a replica first: one with
// its final name before one on its way, a running one before a stopped one,
// the newest before older ones.
func sortContainers(list []Container) {
	sort.SliceStable(list, func(i, j int) bool {
		a, b := &list[i], &list[j]
		if a.Number != b.Number {
			return a.Number < b.Number
		}
		if a.Up() != b.Up() {
			return a.Up()
		}
		if !a.Created.Equal(b.Created) {
			return a.Created.After(b.Created)
		}
		return a.ID < b.ID
	})
}
