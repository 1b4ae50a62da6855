package observed

import (
	"archive/tar"
	"cmp"
	"context"
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

// Secret is what exists on a node of a secret that is a resource of its own.
type Secret struct {
	Name string
	// Versions are those whose volumes are there, the oldest first.
	Versions []SecretVersion
	// Window is the ID of the container that shows the current version, empty if
	// there is none; Shown is that version, and Stamp what its file was read as
	// when it was written.
	Window string
	Shown  int
	Stamp  string
	// Kept reports whether the secret was destroyed and its value was kept: the next
	// secret of that name uses it.
	Kept bool
	// Scratch are containers that an interrupted change left.
	Scratch []string
	// Notes are containers that say that the first version is being written. They go
	// before the writer says that it is there.
	Notes []string
}

// SecretVersion is one version of a secret.
type SecretVersion struct {
	desired.Secret
	Version            int
	Volume, Mountpoint string
	Check              desired.SecretCheck
	// Made says how its value came about.
	Made string
	// Users are the containers that mount it, running or not, in order.
	Users []SecretUser
}

// SecretUser is a container that mounts a secret. Stack and Service are empty for
// one of no project.
type SecretUser struct {
	Container, Stack, Service string
	Running                   bool
}

// String names the user as a person would.
func (u SecretUser) String() string {
	if u.Service != "" {
		return fmt.Sprintf("service %q of stack %q (container %s)", u.Service, u.Stack, u.Container)
	}
	return "container " + u.Container
}

// Current is the version that is in force: the one that is shown, or else, where
// somebody removed the window, the newest. It is nil if there is none.
func (s *Secret) Current() *SecretVersion {
	for i := range s.Versions {
		if s.Versions[i].Version == s.Shown {
			return &s.Versions[i]
		}
	}
	if len(s.Versions) == 0 {
		return nil
	}
	return &s.Versions[len(s.Versions)-1]
}

// Newest is the highest version there is, in force or not; 0 if there is none.
func (s *Secret) Newest() int {
	if len(s.Versions) == 0 {
		return 0
	}
	return s.Versions[len(s.Versions)-1].Version
}

// AsKept returns the secret as it is after it was destroyed and its value kept. It
// needs a current version.
func (s *Secret) AsKept() *Secret {
	return &Secret{Name: s.Name, Versions: []SecretVersion{*s.Current()}, Window: s.Window, Shown: s.Shown, Stamp: s.Stamp, Kept: true}
}

// Users are the containers that mount any version, in order.
func (s *Secret) Users() []SecretUser {
	var users []SecretUser
	for i := range s.Versions {
		users = append(users, s.Versions[i].Users...)
	}
	slices.SortFunc(users, func(a, b SecretUser) int { return cmp.Compare(a.Container, b.Container) })
	return slices.Compact(users)
}

// Abandoned reports that what is there was left by a create that was cut off: nobody
// was ever informed that the secret exists, and nothing mounts it.
func (s *Secret) Abandoned() bool {
	return len(s.Notes) > 0 && s.Newest() == 1 && len(s.Users()) == 0
}

// Foreign reports whether a create finds somebody else's secret: neither what one
// left that was cut off, nor a value that was kept.
func (s *Secret) Foreign() bool { return s.Current() != nil && !s.Kept && !s.Abandoned() }

// Superseded are the volumes of versions that are not in force and that nothing
// mounts.
func (s *Secret) Superseded() []string {
	current := s.Current()
	var volumes []string
	for i := range s.Versions {
		if v := &s.Versions[i]; v.Version != current.Version && len(v.Users) == 0 {
			volumes = append(volumes, v.Volume)
		}
	}
	return volumes
}

// Secret is what exists of a secret on the node. It has no Versions if there is
// none.
func (n *Node) Secret(name string) *Secret {
	if s := n.index.secrets[name]; s != nil {
		return s
	}
	return n.index.newSecret(name)
}

// newSecret is a secret of which no version was found yet.
func (i *index) newSecret(name string) *Secret {
	named := desired.Secret{Name: name}
	return &Secret{Name: name, Scratch: i.scratch[named.ScratchName()], Notes: i.scratch[named.NoteName()]}
}

// addSecrets finds the secrets among a node's volumes and who mounts them.
func (i *index) addSecrets(containers []container.Summary) {
	users, windows := map[string][]SecretUser{}, map[string]container.Summary{}
	for _, c := range containers {
		if name := c.Labels[desired.LabelSecret]; name != "" {
			if _, seen := windows[name]; !seen || helperName(&c) == "" {
				windows[name] = c
			}
			continue
		}
		if c.Labels[desired.LabelScratch] != "" {
			continue
		}
		for _, m := range c.Mounts {
			if volume, ok := i.secretVolume(m); ok {
				users[volume] = append(users[volume], newSecretUser(c))
			}
		}
	}
	for _, v := range i.volumes {
		name := v.Labels[desired.LabelSecret]
		version, err := strconv.Atoi(v.Labels[desired.LabelFileVersion])
		if name == "" || err != nil {
			continue
		}
		if i.secrets[name] == nil {
			i.secrets[name] = i.newSecret(name)
		}
		one := SecretVersion{Secret: desired.Secret{Name: name}, Version: version, Volume: v.Name, Mountpoint: v.Mountpoint,
			Check: desired.SecretCheck(v.Labels[desired.LabelSecretCheck]), Made: v.Labels[desired.LabelSecretMade], Users: users[v.Name]}
		if one.ParseOwner(v.Labels[desired.LabelFileOwner]) != nil {
			continue // not as we write it
		}
		i.secrets[name].Versions = append(i.secrets[name].Versions, one)
	}
	for name, s := range i.secrets {
		slices.SortFunc(s.Versions, func(a, b SecretVersion) int { return cmp.Compare(a.Version, b.Version) })
		if w, ok := windows[name]; ok {
			s.Window, s.Stamp = w.ID, w.Labels[desired.LabelFileOwner]
			s.Shown, _ = strconv.Atoi(w.Labels[desired.LabelFileVersion])
			s.Kept = w.Labels[desired.LabelSecretKept] != ""
		}
	}
}

// secretVolume is the volume of a secret that a mount shows: all of it, a
// path in it, or, as engines before API 1.45 need it, the file where the engine
// keeps it.
func (i *index) secretVolume(m container.MountPoint) (string, bool) {
	v, ok := i.volumes[m.Name]
	if m.Type == mount.TypeBind {
		v, ok = i.mountpoints[path.Dir(m.Source)]
	}
	return v.Name, ok && v.Labels[desired.LabelSecret] != ""
}

func newSecretUser(c container.Summary) SecretUser {
	user := SecretUser{Container: c.ID[:shortIDLength], Stack: c.Labels[desired.LabelProject], Service: c.Labels[desired.LabelService], Running: c.State == container.StateRunning}
	if len(c.Names) > 0 {
		user.Container = trimName(c.Names[0])
	}
	return user
}

// SecretFile is the file of a secret's version as it was found.
type SecretFile struct {
	// Seen reports that there was a window to look through.
	Seen bool
	// Missing reports that the file is gone from its volume.
	Missing bool
	// Content is all of it.
	Content []byte
	// UID, GID and Mode are as the engine read them, Modified when it was last
	// written.
	UID, GID int
	Mode     desired.Mode
	Modified time.Time
}

// Stamp is a text that is another one after the file was written to by hand, or
// its owner or mode was changed: what we write is last modified at the Unix epoch.
func (f SecretFile) Stamp() string {
	return fmt.Sprintf("%d-%d-%o-%d-%d", f.UID, f.GID, uint32(f.Mode), len(f.Content), f.Modified.Unix())
}

// Owner returns the file's owner and mode out of a stamp.
func stampOwner(stamp string) (uid, gid int, mode desired.Mode, ok bool) {
	n, err := fmt.Sscanf(stamp, "%d-%d-%o-", &uid, &gid, &mode)
	return uid, gid, mode, err == nil && n == 3
}

// AsContainersSee returns the file's owner as containers have it, which the engine
// does not tell: from what was asked for when it was written, and what it was read
// as then.
func (f SecretFile) AsContainersSee(asked desired.Secret, stamp string) desired.Secret {
	uid, gid, _, ok := stampOwner(stamp)
	if !ok {
		return asked
	}
	asked.UID, asked.GID, asked.Mode = asked.UID+f.UID-uid, asked.GID+f.GID-gid, f.Mode
	return asked
}

// SecretReader is what [ReadSecretFile] needs of an engine.
type SecretReader interface {
	ContainerInspect(ctx context.Context, id string) (container.InspectResponse, error)
	CopyFromContainer(ctx context.Context, id, path string) (io.ReadCloser, container.PathStat, error)
}

// ReadSecretFile looks at the file of a secret's version through the container that
// mounts its volume: one call. It writes nothing. Without a container the file is
// unseen.
func ReadSecretFile(ctx context.Context, r SecretReader, window string) (SecretFile, error) {
	if window == "" {
		return SecretFile{}, nil
	}
	content, _, err := r.CopyFromContainer(ctx, window, path.Join(desired.DirectoryTarget, desired.FileEntry))
	if errdefs.IsNotFound(err) {
		if _, err := r.ContainerInspect(ctx, window); errdefs.IsNotFound(err) {
			return SecretFile{}, nil
		} else if err != nil {
			return SecretFile{}, fmt.Errorf("inspect container: %w", err)
		}
		return SecretFile{Seen: true, Missing: true}, nil
	}
	if err != nil {
		return SecretFile{}, fmt.Errorf("read secret's file: %w", err)
	}
	defer content.Close()
	archive := tar.NewReader(content)
	header, err := archive.Next()
	if err != nil {
		return SecretFile{}, fmt.Errorf("read archive: %w", err)
	}
	file := SecretFile{Seen: true, UID: header.Uid, GID: header.Gid, Mode: modeOf(header.FileInfo().Mode()), Modified: header.ModTime}
	if header.Typeflag != tar.TypeReg {
		file.Missing = true
		return file, nil
	}
	if file.Content, err = io.ReadAll(archive); err != nil {
		return SecretFile{}, fmt.Errorf("read archive: %w", err)
	}
	_, _ = io.Copy(io.Discard, content) // a connection whose answer was read to its end can be used again
	return file, nil
}
