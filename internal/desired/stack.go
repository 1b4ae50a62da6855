package desired

import (
	"slices"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
)

// Stack is everything that one stack should have on one node. Its name is the
// Compose project name. Maps are keyed by the names used in the Compose
// document; nil and empty maps mean the same: none.
type Stack struct {
	Name     string
	Services map[string]Service
	Networks map[string]Network
	Volumes  map[string]Volume
	// Warnings are sentences for the person who plans: what was accepted but
	// may not do what they expect.
	Warnings []string
}

// Undecided names, in order, the services that use a secret of which nobody knows
// the value yet. A stack that has one can be planned and not applied.
func (s *Stack) Undecided() []string {
	var names []string
	for name, service := range s.Services {
		if len(service.Unknown) > 0 || slices.ContainsFunc(service.Files, func(f File) bool { return f.Unknown }) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Service is one Compose service as the engine would be asked to run it. The
// wire values are complete except for what only the engine knows: Namespaces,
// Files and networks are resolved to identities when the container is made.
type Service struct {
	Name string
	// Replicas is how many containers run; 0 means the service is declared but
	// stopped away (scale: 0).
	Replicas int
	// ContainerName is the name the user asked for; empty means
	// "<stack>-<service>-<number>". It implies at most one replica.
	ContainerName string
	// DefaultName is "<stack>-<service>", from which names follow that nobody
	// asked for.
	DefaultName string

	Image    Image
	Config   container.Config
	Host     container.HostConfig
	Mounts   []Mount
	Files    []File
	Networks []Attachment
	// Hooks are nil for a service without any.
	Hooks *Hooks

	// Dependencies are the services this one waits for, by service name.
	Dependencies map[string]Dependency
	// UpdateOrder says whether an old container stops before or after the new
	// one has arrived; empty means StopFirst. It is not part of Spec: it says how to
	// get there, not what there is.
	UpdateOrder UpdateOrder
	// RestartExplicit reports that the user wrote a restart policy: with "no" or
	// "on-failure" a container that ended with exit code 0 is then done, not
	// drifted.
	RestartExplicit bool
	// StopGrace is how long a stop waits before it kills; nil means the
	// engine's default of 10 s.
	StopGrace *time.Duration

	// Secret maps each field of Spec that carries a secret to the names of the
	// secrets in it. Values of such fields never leave the process.
	Secret map[string][]string
	// Unknown has the fields of Secret of which nobody knows the value yet; what
	// is in them means nothing.
	Unknown map[string]bool
	// ComposeHash is Docker Compose's own hash of the service.
	ComposeHash ComposeHash
	// DependsOnLabel is Docker Compose's rendering of the dependencies.
	DependsOnLabel string
}

// Image says where a service's image comes from.
type Image struct {
	// Reference is the image as the user wrote it, or "<stack>-<service>" for
	// a build without an image name.
	Reference string
	// Pull is when the engine pulls.
	Pull PullPolicy
	// OwnPolicy reports that Pull is the service's own pull_policy.
	OwnPolicy bool
	// RefreshAfter is how old, since it was last tagged or pulled on the node,
	// an image may be for a new container with PullRefresh.
	RefreshAfter time.Duration
	// Platform is "os/arch[/variant]", or empty for the engine's own.
	Platform string
	// Digest is the digest to use ("sha256:…") when Pull is PullDigest and the
	// registry answered; otherwise empty.
	Digest string
	// Build is nil for an image that is pulled.
	Build *Build
}

// UpdateOrder is the order in which a container is replaced.
type UpdateOrder string

// The orders, as the stack's update_order attribute and Compose name them.
const (
	StopFirst  UpdateOrder = "stop-first"
	StartFirst UpdateOrder = "start-first"
)

// PullPolicy says when an image is pulled.
type PullPolicy string

// The pull policies, as the stack's pull attribute names them.
const (
	PullMissing PullPolicy = "missing"
	PullAlways  PullPolicy = "always"
	PullDigest  PullPolicy = "digest"
	PullNever   PullPolicy = "never"
	// PullRefresh is a service's own policy only: Image.RefreshAfter says when.
	PullRefresh PullPolicy = "refresh"
)

// MountType is the kind of a mount, as the engine names it.
type MountType string

// The mount types that a service may use.
const (
	MountVolume MountType = "volume"
	MountBind   MountType = "bind"
	MountTmpfs  MountType = "tmpfs"
	MountImage  MountType = "image" // it needs API 1.48
)

// Mount is one volume, host path or tmpfs in a container.
type Mount struct {
	Type MountType
	// Source is the engine's volume name (empty: anonymous), a host path or an
	// image's reference.
	Source   string
	Target   string
	ReadOnly bool
	// NoCopy keeps a new volume empty instead of copying the image's files.
	NoCopy bool
	// Subpath is a path inside the volume or image; it needs API 1.45.
	Subpath string
	// Labels are put on a volume that is made for the mount.
	Labels map[string]string
	// Recursive says what happens to mounts below a bind's source, as
	// Compose writes it: "disabled", "writable", "readonly"; empty or "enabled" is the
	// engine's default. Readonly needs API 1.44.
	Recursive string
	// Consistency is kept for the engine's record; Linux knows only one.
	Consistency string
	// CreateHostPath makes a missing bind source as a directory.
	CreateHostPath bool
	Propagation    string
	SELinux        string // "z", "Z" or empty
	TmpfsSizeBytes int64
	TmpfsMode      uint32
	// KeepsFrom is the digest of the files that would be delivered if the mount
	// did not keep a path of the node; empty for every other mount.
	KeepsFrom string
}

// FileKind says which Compose element a delivered file comes from.
type FileKind string

// The kinds of delivered files; each is the prefix of its field's name.
const (
	FileConfig FileKind = "configs"
	FileSecret FileKind = "secrets"
	FileBind   FileKind = "volumes"
)

// File is a file or a directory that is delivered from where Terraform runs
// into a volume of the node, and mounted read-only at Target.
type File struct {
	Kind   FileKind
	Name   string // the config's or secret's name, or the relative source path
	Target string // absolute path in the container
	// Source is where it was read from: a path, or a word such as "content".
	Source string
	// Directory reports that it is a tree, not a single file. A single file is the entry
	// named FileEntry in its volume.
	Directory bool
	// Entries are the tree's members in the order they are written. A single
	// file has one.
	Entries []Entry
	// Digest is "sha256:…" over names, modes, owners and contents. It is empty
	// for a secret, of which no plain digest may exist.
	Digest string
	// Secret is set for a secret that is a resource of its own: it is on the node
	// already, and there are no Entries.
	Secret *NodeSecret
	// Bind is how the user wrote a relative bind mount; nil for other files. Its
	// source is the relative path.
	Bind *Mount
	// Unknown reports that nobody knows yet what a secret holds; what its entry
	// holds means nothing.
	Unknown bool
}

// FileEntry is the name that a single delivered file has inside its volume.
const FileEntry = "content"

// Entry is one member of a delivered tree.
type Entry struct {
	Path string // slash-separated, relative; FileEntry for a single file
	// Mode holds the permission bits and the type bits of io/fs.FileMode.
	Mode     uint32
	UID, GID int
	Link     string // target of a symbolic link
	// Content is the complete content, for small or generated files; Local names
	// a file to stream instead.
	Content   []byte
	Local     string
	SizeBytes int64
	Type      EntryType
}

// EntryType is what kind of member an Entry is.
type EntryType int

// The entry types.
const (
	EntryFile EntryType = iota
	EntryDirectory
	EntrySymlink
)

// Attachment is one network a service's containers join.
type Attachment struct {
	// Network is the engine's name of the network.
	Network string
	// Settings are the endpoint's own settings; the aliases lack the
	// container's name, which is added when the container is made.
	Settings network.EndpointSettings
	// Priority orders attachments; the highest is attached first.
	Priority int
}

// Condition is what a dependency waits for, as Compose names it.
type Condition string

// The three conditions of depends_on.
const (
	Started   Condition = "service_started"
	Healthy   Condition = "service_healthy"
	Completed Condition = "service_completed_successfully"
)

// Dependency is one entry of depends_on.
type Dependency struct {
	Condition Condition
	// Restart asks for a restart of the dependent after the dependency was
	// recreated.
	Restart bool
	// Required is false for a dependency that may fail.
	Required bool
}

// Volume is one named volume of a stack.
type Volume struct {
	Key      string
	Name     string
	External bool
	Driver   string
	Options  map[string]string
	Labels   map[string]string
	// ComposeHash is Docker Compose's own hash of the volume.
	ComposeHash string
}

// FollowsDigest reports whether a service follows the digest of its tag.
func (s *Service) FollowsDigest() bool {
	return s.Image.Pull == PullDigest && s.Image.Build == nil
}
