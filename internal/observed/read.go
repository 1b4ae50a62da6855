package observed

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/containerd/errdefs"
	"github.com/distribution/reference"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/volume"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/singleflight"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

// Reader is what reading a node takes: lists and inspections, nothing that
// writes.
type Reader interface {
	ContainerList(ctx context.Context, options container.ListOptions) ([]container.Summary, error)
	ContainerInspect(ctx context.Context, id string) (container.InspectResponse, error)
	NetworkList(ctx context.Context, options network.ListOptions) ([]network.Summary, error)
	VolumeList(ctx context.Context, options volume.ListOptions) (volume.ListResponse, error)
	ImageInspect(ctx context.Context, ref string) (image.InspectResponse, error)
	ClientVersion() string
}

// inspections bounds how many inspect calls are under way on one node.
const inspections = 16

// Node is the three lists of a node, read once and shared by every stack. It
// may be used by several goroutines at once.
type Node struct {
	reader Reader
	index  *index
	slots  chan struct{}      // taken by inspections under way, whatever stacks they are for
	asking singleflight.Group // for images, by name

	mu        sync.Mutex // guards what follows
	images    map[string]Image
	absent    map[string]bool                      // images that the node does not have
	inspected map[string]container.InspectResponse // by ID
}

// ReadNode lists a node's containers, networks and volumes: three calls, made
// at once.
func ReadNode(ctx context.Context, r Reader) (*Node, error) {
	n := &Node{reader: r, slots: make(chan struct{}, inspections), images: map[string]Image{}, absent: map[string]bool{}, inspected: map[string]container.InspectResponse{}}
	var containers []container.Summary
	var networks []network.Summary
	var volumes []*volume.Volume
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		containers, err = r.ContainerList(ctx, container.ListOptions{All: true})
		return wrap("list containers", err)
	})
	group.Go(func() (err error) {
		networks, err = r.NetworkList(ctx, network.ListOptions{})
		return wrap("list networks", err)
	})
	group.Go(func() error {
		list, err := r.VolumeList(ctx, volume.ListOptions{})
		volumes = list.Volumes
		return wrap("list volumes", err)
	})
	if err := group.Wait(); err != nil {
		return nil, err
	}
	n.index = newIndex(containers, networks, volumes)
	return n, nil
}

func wrap(verb string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", verb, err)
}

// Stack reads one stack: an inspection of each of its containers, and of each
// image that they or refs name and of which neither cache nor the list of
// containers says enough. A container or image that is gone by then is simply
// not there.
func (n *Node) Stack(ctx context.Context, name string, refs []string, cache Cache) (*Stack, error) {
	s := &Stack{
		Name: name, cache: cache, Services: map[string][]Container{}, Images: map[string]Image{},
		Networks: n.index.networks, Volumes: n.index.volumes, Names: n.index.names, Containers: n.index.containers, Guests: n.index.guests, Attached: n.index.endpoints, Ports: n.index.ports, Secrets: n.index.secrets,
		Scratch: n.index.scratch[name], APIVersion: n.reader.ClientVersion(), nameOfID: n.index.byID, mounted: n.index.mounted,
	}
	s.Owned = n.index.owned[name] || len(s.Scratch) > 0
	s.Unfinished = n.index.noted(desired.Note{Kind: desired.NoteStack, Name: name})
	inspected, err := n.inspect(ctx, name)
	if err != nil {
		return nil, err
	}
	if err := n.lookUpImages(ctx, inspected, refs, s); err != nil {
		return nil, err
	}
	lost, err := n.lostReferences(ctx, inspected)
	if err != nil {
		return nil, err
	}
	n.fill(s, inspected, lost)
	return s, nil
}

// inspect asks for each container that carries the project's label.
func (n *Node) inspect(ctx context.Context, name string) ([]container.InspectResponse, error) {
	var mu sync.Mutex // guards found
	var found []container.InspectResponse
	group, ctx := errgroup.WithContext(ctx)
	for _, id := range n.index.projects[name] {
		group.Go(func() error {
			c, err := n.container(ctx, id)
			if errdefs.IsNotFound(err) {
				return nil
			}
			if err != nil {
				return fmt.Errorf("inspect container %s: %w", id[:12], err)
			}
			mu.Lock()
			defer mu.Unlock()
			found = append(found, c)
			return nil
		})
	}
	err := group.Wait()
	return found, err
}

// slot waits until one more inspection may be under way; the caller gives it back.
func (n *Node) slot(ctx context.Context) (giveBack func(), err error) {
	select {
	case n.slots <- struct{}{}:
		return func() { <-n.slots }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// container inspects a container once for the node.
func (n *Node) container(ctx context.Context, id string) (container.InspectResponse, error) {
	n.mu.Lock()
	c, ok := n.inspected[id]
	n.mu.Unlock()
	if ok {
		return c, nil
	}
	giveBack, err := n.slot(ctx)
	if err != nil {
		return c, err
	}
	defer giveBack()
	c, err = n.reader.ContainerInspect(ctx, id)
	if err != nil {
		return c, err
	}
	n.mu.Lock()
	n.inspected[id] = c
	n.mu.Unlock()
	return c, nil
}

// Release forgets the inspections of a stack's containers, which are most of what
// a large node takes of memory. Reading the stack again recreates them.
func (n *Node) Release(stack string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, id := range n.index.projects[stack] {
		delete(n.inspected, id)
	}
}

// lookUpImages finds the images that are named; those that have to be asked for
// are inspected once each for the node.
func (n *Node) lookUpImages(ctx context.Context, inspected []container.InspectResponse, refs []string, s *Stack) error {
	missing := map[string]bool{}
	for _, c := range inspected {
		if img, ok := s.cache.image(c); ok {
			s.Images[c.Image] = img
		} else {
			missing[c.Image] = true
		}
	}
	if err := n.inspectImages(ctx, missing, s); err != nil {
		return err
	}
	clear(missing)
	listed := n.listedImages(inspected)
	for _, ref := range refs {
		if img, ok := s.Images[listed[familiar(ref)]]; ok {
			s.Images[ref] = img.named(ref)
		} else {
			missing[ref] = true
		}
	}
	return n.inspectImages(ctx, missing, s)
}

// listedImages says which image a reference means now, as far as containers were
// made from it: the engine lists a container with its reference only for as long
// as that means the same image, and with the image's ID from then on
// (moby/moby, daemon/list.go, refreshImage).
func (n *Node) listedImages(inspected []container.InspectResponse) map[string]string {
	ids := map[string]string{}
	for _, c := range inspected {
		if ref := n.index.listed[c.ID]; c.Config != nil && ref == c.Config.Image && ref != c.Image && !strings.HasPrefix(c.Image, "sha256:"+ref) {
			ids[familiar(ref)] = c.Image
		}
	}
	return ids
}

// inspectImages asks for images by their names or IDs.
func (n *Node) inspectImages(ctx context.Context, missing map[string]bool, s *Stack) error {
	var mu sync.Mutex // guards s.Images
	group, ctx := errgroup.WithContext(ctx)
	for ref := range missing {
		group.Go(func() error {
			img, ok, err := n.image(ctx, ref)
			if err != nil || !ok {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			s.Images[ref], s.Images[img.ID] = img.named(ref), img.named("")
			return nil
		})
	}
	return group.Wait()
}

// lostReferences are those of the containers that no image of the node has any
// more. It costs a call for each that neither the engine's list of containers
// nor an image that was looked up already answers for.
func (n *Node) lostReferences(ctx context.Context, inspected []container.InspectResponse) (map[string]bool, error) {
	lost, listed := map[string]bool{}, n.listedImages(inspected)
	for _, c := range inspected {
		if c.Config == nil || c.Config.Image == "" || listed[familiar(c.Config.Image)] != "" {
			continue
		}
		_, exists, err := n.image(ctx, c.Config.Image)
		if err != nil {
			return nil, err
		}
		if !exists {
			lost[c.Config.Image] = true
		}
	}
	return lost, nil
}

// image inspects an image once for the node, by whichever of its names: reading
// knows its ID, planning what the documents call it.
func (n *Node) image(ctx context.Context, ref string) (img Image, exists bool, err error) {
	key := familiar(ref)
	img, exists, known := n.knownImage(key)
	if known {
		return img, exists, nil
	}
	shared := context.WithoutCancel(ctx) // others may wait for it, too
	asked := n.asking.DoChan(key, func() (any, error) {
		if _, _, known := n.knownImage(key); known {
			return nil, nil
		}
		return nil, n.askForImage(shared, ref, key)
	})
	select {
	case answer := <-asked:
		img, exists, _ = n.knownImage(key)
		return img, exists, answer.Err
	case <-ctx.Done():
		return Image{}, false, ctx.Err()
	}
}

// knownImage returns an image that was asked for; known reports whether one was.
func (n *Node) knownImage(key string) (img Image, exists, known bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	img, exists = n.images[key]
	return img, exists, exists || n.absent[key]
}

// askForImage inspects an image and notes what comes of it.
func (n *Node) askForImage(ctx context.Context, ref, key string) error {
	giveBack, err := n.slot(ctx)
	if err != nil {
		return err
	}
	defer giveBack()
	resp, err := n.reader.ImageInspect(ctx, ref)
	if err != nil && !errdefs.IsNotFound(err) {
		return fmt.Errorf("inspect image %s: %w", ref, err)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if err != nil {
		n.absent[key] = true
		return nil
	}
	img := newImage(resp)
	for _, name := range slices.Concat([]string{ref, resp.ID}, resp.RepoTags, resp.RepoDigests) {
		n.images[familiar(name)] = img
	}
	return nil
}

// familiar spells a reference as the engine lists it: "docker.io/library/nginx"
// is "nginx:latest". An image's ID stays as it is.
func familiar(ref string) string {
	named, err := reference.ParseNormalizedNamed(ref)
	if err != nil {
		return ref
	}
	if digested, ok := named.(reference.Digested); ok { // a tag beside it means nothing
		if pinned, err := reference.WithDigest(reference.TrimNamed(named), digested.Digest()); err == nil {
			named = pinned
		}
	}
	return reference.FamiliarString(reference.TagNameOnly(named))
}

func (n *Node) fill(s *Stack, inspected []container.InspectResponse, lost map[string]bool) {
	services := map[string]string{} // container ID -> service, for shared namespaces
	for _, c := range inspected {
		if c.Config != nil && slices.Contains([]string{"", "1"}, c.Config.Labels[desired.LabelNumber]) { // a service is known by its first one
			services[c.ID] = c.Config.Labels[desired.LabelService]
		}
	}
	for _, c := range inspected {
		one := newContainer(c, s, n.index.mountpoints, services)
		one.Digest = digestOf(&one, s)
		_, there := s.Images[one.ImageID]
		one.Untagged = there && lost[one.Image]
		s.Services[one.Service] = append(s.Services[one.Service], one)
		s.Owned = s.Owned || one.Labels[desired.LabelStack] == s.Name
	}
	for name := range s.Services {
		sortContainers(s.Services[name])
	}
	learnDigests(s)
}
