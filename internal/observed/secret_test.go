package observed

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"
	"github.com/docker/docker/api/types/volume"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

func secretVolume(version int) *volume.Volume {
	name := fmt.Sprintf("homelab_secret_db_v%d", version)
	return &volume.Volume{Name: name, Mountpoint: "/data/volumes/" + name + "/_data", Labels: map[string]string{desired.LabelSecret: "db",
		desired.LabelFile: "secrets", desired.LabelFileVersion: fmt.Sprint(version), desired.LabelFileOwner: "5-6-400", desired.LabelSecretCheck: "check"}}
}

func summary(name string, labels map[string]string, mounts ...container.MountPoint) container.Summary {
	return container.Summary{ID: fmt.Sprintf("%064s", name), Names: []string{"/" + name}, Labels: labels, Mounts: mounts, State: "running"}
}

func TestSecret_VersionsAndUsers_AreReadFromTheLists(t *testing.T) {
	byVolume := func(version int) container.MountPoint {
		return container.MountPoint{Type: mount.TypeVolume, Name: fmt.Sprintf("homelab_secret_db_v%d", version)}
	}
	byPath := container.MountPoint{Type: mount.TypeBind, Source: "/data/volumes/homelab_secret_db_v9/_data/content"}
	containers := []container.Summary{
		summary("m-web-1", map[string]string{desired.LabelProject: "m", desired.LabelService: "web"}, byVolume(10)),
		summary("hand", nil, byPath),
		summary("homelab-secret-db", map[string]string{desired.LabelSecret: "db", desired.LabelFileVersion: "10", desired.LabelFileOwner: "5-6-400-3-0"}, byVolume(10)),
		summary("scratch", map[string]string{desired.LabelScratch: "secret/db"}, byVolume(11)),
	}
	broken := secretVolume(12)
	broken.Labels[desired.LabelFileOwner] = "?"
	i := newIndex(containers, nil, []*volume.Volume{secretVolume(10), secretVolume(9), secretVolume(11), secretVolume(8), broken, {Name: "data", Mountpoint: "/data/volumes/data/_data"}})
	s := (&Node{index: i}).Secret("db")
	if len(s.Versions) != 4 || s.Newest() != 11 || s.Current().Version != 10 || s.Shown != 10 || s.Stamp != "5-6-400-3-0" || len(s.Scratch) != 1 {
		t.Fatalf("got %+v", s)
	}
	if now := s.Current(); now.UID != 5 || now.GID != 6 || now.Mode != 0o400 || now.Check != "check" {
		t.Errorf("got %+v", now)
	}
	users := s.Users()
	if len(users) != 2 || users[0].String() != "container hand" || users[1].String() != `service "web" of stack "m" (container m-web-1)` {
		t.Errorf("users: %v", users)
	}
	if got := s.Superseded(); !slices.Equal(got, []string{"homelab_secret_db_v8", "homelab_secret_db_v11"}) {
		t.Errorf("superseded: %v", got)
	}
	if other := (&Node{index: i}).Secret("other"); other.Current() != nil || other.Newest() != 0 || other.Superseded() != nil {
		t.Errorf("a secret that is not there: %+v", other)
	}
}

func TestSecret_WithoutAWindow_TheNewestIsInForce(t *testing.T) {
	i := newIndex(nil, nil, []*volume.Volume{secretVolume(2), secretVolume(10)})
	if now := i.secrets["db"].Current(); now.Version != 10 {
		t.Errorf("got %d", now.Version)
	}
}

func TestSecretFile_Stamp_TellsWhatAHandDidToIt(t *testing.T) {
	written := SecretFile{Seen: true, Content: []byte("abc"), UID: 100005, GID: 100006, Mode: 0o400, Modified: time.Unix(0, 0)}
	asked := desired.Secret{Name: "db", UID: 5, GID: 6, Mode: 0o400}
	for name, change := range map[string]func(*SecretFile){
		"written to":    func(f *SecretFile) { f.Modified = time.Unix(1, 0) },
		"longer":        func(f *SecretFile) { f.Content = []byte("abcd") },
		"another mode":  func(f *SecretFile) { f.Mode = 0o644 },
		"another owner": func(f *SecretFile) { f.UID = 100007 },
	} {
		now := written
		if change(&now); now.Stamp() == written.Stamp() {
			t.Errorf("%s: the stamp is the same", name)
		}
	}
	if got := written.AsContainersSee(asked, written.Stamp()); got != asked {
		t.Errorf("unchanged: %+v", got)
	}
	now := written
	now.UID, now.Mode = 100007, 0o644
	if got := now.AsContainersSee(asked, written.Stamp()); got != (desired.Secret{Name: "db", UID: 7, GID: 6, Mode: 0o644}) {
		t.Errorf("changed: %+v", got)
	}
}
