package observed

import (
	"context"
	"errors"
	"reflect"
	"testing"

	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/swarm"
	"github.com/docker/docker/api/types/system"
)

type engineInfo struct {
	info              system.Info
	infoErr, versions error
}

func (e engineInfo) Info(context.Context) (system.Info, error) { return e.info, e.infoErr }
func (e engineInfo) ServerVersion(context.Context) (types.Version, error) {
	return types.Version{Version: "28.5.2"}, e.versions
}
func (e engineInfo) ClientVersion() string { return "1.51" }

func TestReadFacts_Engine_IsDescribed(t *testing.T) {
	f, err := ReadFacts(t.Context(), engineInfo{info: system.Info{
		ID: "x", NCPU: 4, MemTotal: 8 << 30, Driver: "overlay2", SecurityOptions: []string{"name=seccomp,profile=builtin", "name=rootless"},
		Labels: []string{"room=cellar", "bare"}, DiscoveredDevices: []system.DeviceInfo{{Source: "cdi", ID: "b"}, {Source: "other", ID: "c"}, {Source: "cdi", ID: "a"}},
		Plugins: system.PluginsInfo{Volume: []string{"nfs", "local", "local"}}, Swarm: swarm.Info{LocalNodeState: swarm.LocalNodeStateActive, ControlAvailable: true},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if f.EngineVersion != "28.5.2" || f.APIVersion != "1.51" || !f.Rootless || f.UsernsRemap || f.SwarmRole != SwarmManager || f.CPUs != 4 {
		t.Errorf("facts: %+v", f)
	}
	if !reflect.DeepEqual(f.CDIDevices, []string{"a", "b"}) || !reflect.DeepEqual(f.Plugins.Volume, []string{"local", "nfs"}) || f.Labels["room"] != "cellar" {
		t.Errorf("facts: %+v", f)
	}
	if _, ok := f.Labels["bare"]; !ok || f.Runtimes == nil || f.Plugins.Network == nil {
		t.Errorf("facts: %+v", f)
	}
}

func TestReadFacts_SwarmStates_AreRoles(t *testing.T) {
	for state, want := range map[swarm.LocalNodeState]SwarmRole{"": SwarmInactive, "inactive": SwarmInactive, "pending": "pending", "locked": "locked", "active": SwarmWorker} {
		if f, err := ReadFacts(t.Context(), engineInfo{info: system.Info{Swarm: swarm.Info{LocalNodeState: state}}}); err != nil || f.SwarmRole != want {
			t.Errorf("%q: %q, %v", state, f.SwarmRole, err)
		}
	}
}

func TestReadFacts_CallFails_IsNamed(t *testing.T) {
	refused := errors.New("refused")
	for says, e := range map[string]engineInfo{"read engine information: refused": {infoErr: refused}, "read engine version: refused": {versions: refused}} {
		if _, err := ReadFacts(t.Context(), e); err == nil || err.Error() != says {
			t.Errorf("error: %v", err)
		}
	}
}
