package core

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/volume"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

// vault is an engine that keeps volumes with one file each, and answers nothing any
// more once its calls are used up: for who is killed, it is as if.
type vault struct {
	*fake

	mu      sync.Mutex // guards what follows
	left    int        // calls that change anything; below 0: any number
	lists   int        // lists of volumes that are answered; below 0: any number
	volumes map[string]volume.Volume
	files   map[string][]byte // archives, by volume
	mounts  map[string]string // volumes, by container
}

func newVault() *vault {
	return &vault{fake: newFake(), left: -1, lists: -1, volumes: map[string]volume.Volume{}, files: map[string][]byte{}, mounts: map[string]string{}}
}

func (v *vault) Engine(context.Context, string) (Engine, error) { return v, nil }

var errKilled = errors.New("nobody is there any more")

// change holds the engine for a call that changes something.
func (v *vault) change() (func(), error) {
	v.mu.Lock()
	if v.left == 0 {
		v.mu.Unlock()
		return nil, errKilled
	}
	v.left--
	return v.mu.Unlock, nil
}

func (v *vault) idOf(name string) string {
	v.fake.Lock()
	defer v.fake.Unlock()
	for id, c := range v.Containers {
		if c.Name == name {
			return id
		}
	}
	return name
}

func (v *vault) ContainerCreate(ctx context.Context, config *container.Config, host *container.HostConfig, networking *network.NetworkingConfig, p *ocispec.Platform, name string) (container.CreateResponse, error) {
	done, err := v.change()
	if err != nil {
		return container.CreateResponse{}, err
	}
	defer done()
	made, err := v.fake.ContainerCreate(ctx, config, host, networking, p, name)
	for _, m := range host.Mounts {
		v.mounts[made.ID] = m.Source
	}
	return made, err
}

func (v *vault) ContainerRemove(ctx context.Context, id string, options container.RemoveOptions) error {
	done, err := v.change()
	if err != nil {
		return err
	}
	defer done()
	id = v.idOf(id)
	delete(v.mounts, id)
	return v.fake.ContainerRemove(ctx, id, options)
}

func (v *vault) ContainerList(ctx context.Context, options container.ListOptions) ([]container.Summary, error) {
	list, err := v.fake.ContainerList(ctx, options)
	v.mu.Lock()
	defer v.mu.Unlock()
	for i := range list {
		if name := v.mounts[list[i].ID]; name != "" {
			list[i].Mounts = []container.MountPoint{{Type: "volume", Name: name}}
		}
	}
	return list, err
}

func (v *vault) VolumeCreate(_ context.Context, options volume.CreateOptions) (volume.Volume, error) {
	done, err := v.change()
	if err != nil {
		return volume.Volume{}, err
	}
	defer done()
	if _, there := v.volumes[options.Name]; !there {
		v.volumes[options.Name] = volume.Volume{Name: options.Name, Labels: options.Labels, Mountpoint: "/volumes/" + options.Name + "/_data"}
	}
	return v.volumes[options.Name], nil
}

func (v *vault) VolumeRemove(_ context.Context, name string, _ bool) error {
	done, err := v.change()
	if err != nil {
		return err
	}
	defer done()
	for _, used := range v.mounts {
		if used == name {
			return fmt.Errorf("remove %s: %w", name, errdefs.ErrConflict)
		}
	}
	delete(v.volumes, name)
	delete(v.files, name)
	return nil
}

func (v *vault) VolumeList(context.Context, volume.ListOptions) (volume.ListResponse, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	var out volume.ListResponse
	if v.lists == 0 {
		return out, errKilled
	}
	v.lists--
	for _, one := range v.volumes {
		out.Volumes = append(out.Volumes, &one)
	}
	return out, nil
}

// CopyToContainer keeps the file as an archive of its own.
func (v *vault) CopyToContainer(_ context.Context, id, _ string, content io.Reader, _ container.CopyToContainerOptions) error {
	sent, err := io.ReadAll(content)
	if err != nil {
		return err
	}
	done, err := v.change()
	if err != nil {
		return err
	}
	defer done()
	for archive := tar.NewReader(bytes.NewReader(sent)); ; {
		header, err := archive.Next()
		if err != nil {
			return fmt.Errorf("find the file in the archive: %w", err)
		}
		if header.Typeflag != tar.TypeReg {
			continue
		}
		var kept bytes.Buffer
		w := tar.NewWriter(&kept)
		_ = w.WriteHeader(header)
		_, _ = io.Copy(w, archive)
		_ = w.Close()
		v.files[v.mounts[id]] = kept.Bytes()
		return nil
	}
}

func (v *vault) CopyFromContainer(_ context.Context, id, _ string) (io.ReadCloser, container.PathStat, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	content, ok := v.files[v.mounts[v.idOf(id)]]
	if !ok {
		return nil, container.PathStat{}, errdefs.ErrNotFound
	}
	return io.NopCloser(bytes.NewReader(content)), container.PathStat{}, nil
}

func (v *vault) holds(t *testing.T, name string) string {
	t.Helper()
	archive := tar.NewReader(bytes.NewReader(v.files[name]))
	if _, err := archive.Next(); err != nil {
		t.Fatalf("%s holds no file: %v", name, err)
	}
	content, err := io.ReadAll(archive)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// others are the names and labels of containers that are no window.
func (v *vault) others() []string {
	var out []string
	for _, c := range v.Containers {
		if c.Name != "homelab-secret-db" {
			out = append(out, fmt.Sprint(c.Name, c.Config.Labels))
		}
	}
	return slices.Sorted(slices.Values(out))
}

// create applies the secret db as a run does that has no state of it, in a process
// of its own.
func (v *vault) create(t *testing.T, value string) (SecretView, error) {
	t.Helper()
	change := SecretChange{Secret: desired.Secret{Name: "db", Mode: 0o400}, Version: 1, Write: true, Value: []byte(value), Made: SecretGenerated}
	return New(v, registry{}).Secrets().Apply(t.Context(), "nas", change)
}

// A create may be cut off before any of its calls. Another run then does not know
// of it, and has another value, which has to be the one that is there in the end:
// all of it, and nothing else.
func TestApplySecret_CreateKilledAnywhere_IsMadeByTheNextOne(t *testing.T) {
	for calls := 0; ; calls++ {
		v := newVault()
		v.left = calls
		_, err := v.create(t, "first")
		if err == nil {
			if calls < 6 {
				t.Fatalf("a create takes %d calls only", calls)
			}
			break
		}
		v.left = -1
		view, err := v.create(t, "second")
		if err != nil || view.Version != 1 || !view.Watched || view.Edited != "" {
			t.Fatalf("after %d calls: %+v, %v", calls, view, err)
		}
		if got := v.holds(t, "homelab_secret_db_v1"); got != "second" || len(v.volumes) != 1 {
			t.Errorf("after %d calls there is %q in one of %d volumes", calls, got, len(v.volumes))
		}
		if left := v.others(); len(left) > 0 {
			t.Errorf("after %d calls: left %q", calls, left)
		}
	}
}

// A create whose secret cannot be read back is not lost: the state has what was written,
// or the next create is not refused.
func TestApplySecret_ReadBackFails_SecretIsNotOrphaned(t *testing.T) {
	for _, kept := range []bool{false, true} {
		written := 0
		for lists := 0; ; lists++ {
			v := newVault()
			if kept {
				if _, err := v.create(t, "first"); err != nil {
					t.Fatal(err)
				}
				if err := New(v, registry{}).Secrets().Destroy(t.Context(), "nas", "db", nil); err != nil {
					t.Fatal(err)
				}
			}
			v.lists = lists
			view, err := v.create(t, "first")
			v.lists = -1
			if err == nil {
				break
			}
			if errors.Is(err, ErrSecretWritten) {
				if written++; view.Version != 1 || view.Volume != "homelab_secret_db_v1" || view.File != "/volumes/homelab_secret_db_v1/_data/content" {
					t.Errorf("after %d lists: %+v", lists, view)
				}
			} else if _, err := v.create(t, "second"); err != nil {
				t.Errorf("after %d lists the next create is refused: %v", lists, err)
			}
		}
		if written == 0 {
			t.Error("no read-back failed")
		}
	}
}

// What another run finished is not taken over, and of two at once one is refused.
func TestApplySecret_CreateOfAnother_IsRefused(t *testing.T) {
	v := newVault()
	door := New(v, registry{})
	errs := make(chan error, 2)
	for _, value := range []string{"mine", "yours"} {
		go func() {
			_, err := door.Secrets().Apply(t.Context(), "nas", SecretChange{Secret: desired.Secret{Name: "db", Mode: 0o400}, Version: 1, Write: true, Value: []byte(value), Made: SecretGenerated})
			errs <- err
		}()
	}
	err := errors.Join(<-errs, <-errs)
	var problems *ProblemsError
	if !errors.As(err, &problems) || len(problems.Problems) != 1 || !problems.Problems[0].Foreign {
		t.Fatalf("got %v", err)
	}
	if got := v.holds(t, "homelab_secret_db_v1"); got != "mine" && got != "yours" {
		t.Errorf("there is %q", got)
	}
	if _, err := v.create(t, "later"); err == nil || strings.Contains(v.holds(t, "homelab_secret_db_v1"), "later") {
		t.Errorf("a third one took it over: %v", err)
	}
}

// A window that is put back in front of a file that is not what was written shows
// that it is not.
func TestReadSecret_WindowPutBackBeforeAnotherFile_SaysThatItWasEdited(t *testing.T) {
	v := newVault()
	if _, err := v.create(t, "value"); err != nil {
		t.Fatal(err)
	}
	delete(v.Containers, v.idOf("homelab-secret-db"))
	delete(v.files, "homelab_secret_db_v1")
	view, err := New(v, registry{}).Secrets().Apply(t.Context(), "nas", SecretChange{Secret: desired.Secret{Name: "db", Mode: 0o400}, Version: 1, Adopt: true, Made: SecretGenerated})
	if err != nil || !view.Watched || view.Edited != "the file was removed on the node" {
		t.Errorf("got %+v, %v", view, err)
	}
}
