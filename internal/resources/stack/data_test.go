package stack

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/homelab-iac/terraform-provider-homelab/internal/core"
)

// holder is the core of nodes with volumes; every one of a node belongs to the stack that
// its name begins with.
type holder struct {
	Core

	nodes   map[string][]string
	removed []string
}

func (h *holder) Data(_ context.Context, node, stack string, volumes []string) (exist, own []string, err error) {
	for _, name := range volumes {
		if !slices.Contains(h.nodes[node], name) {
			continue
		}
		exist = append(exist, name)
		if strings.HasPrefix(name, stack+"_") {
			own = append(own, name)
		}
	}
	return exist, own, nil
}

func (h *holder) RemovesData(_, _ string, volumes []string) { h.removed = volumes }

func (h *holder) DataRemoved(string, string) []string { return h.removed }

// at is a stack as a state or plan has it.
func at(node, name string, removes bool, volumes ...string) *model {
	m := &model{Node: types.StringValue(node), Name: types.StringValue(name), RemoveVolumes: types.BoolValue(removes)}
	m.view.Volumes = map[string]core.Volume{}
	for _, volume := range volumes {
		m.view.Volumes[volume] = core.Volume{Name: volume}
	}
	m.view.Services = map[string]core.Service{"web": {Spec: map[string]string{"volumes./srv": "bind /srv/app", "volumes./c": "bind /etc/app read-only",
		"volumes./s": "bind /var/run/docker.sock", "volumes./data": "volume app_data"}}}
	return m
}

func TestData_EachWayToLeaveOrRemoveIt_IsSaidWithItsNameAndRefusedWhereProtected(t *testing.T) {
	nodes := map[string][]string{"one": {"app_data", "app_db", "shared"}, "two": {"shared"}}
	known := core.Record{Volumes: map[string]string{"data": "app_data", "db": "app_db"}}
	for name, c := range map[string]struct {
		planned, prior *model // planned nil: a destroy; prior nil: a replacement
		says           string
	}{
		"moved": {at("two", "app", false, "app_data", "shared"), at("one", "app", false, "app_data", "shared"),
			`Stack "app" leaves behind, with the data: the volumes app_data and shared of node "one"; the directory /srv/app of node "one". ` +
				`Stack "app" begins on node "two" with the volume app_data empty. Node "two" has the volume shared already: the stack goes on with what is in there. ` + howToTakeAlong},
		"renamed": {at("one", "new", false, "new_data", "shared"), at("one", "app", false, "app_data", "shared"),
			`Stack "app" leaves behind, with the data: the volume app_data of node "one". Stack "new" begins on node "one" with the volume new_data empty. ` +
				`Node "one" has the volume shared already: the stack goes on with what is in there. ` + howToTakeAlong},
		"moved, removing": {at("two", "app", false, "app_data"), at("one", "app", true, "app_data", "shared"),
			`This removes the volume app_data of node "one" with the data (remove_volumes). To keep them, set remove_volumes = false and apply that first.`},
		"destroyed": {nil, at("one", "app", false, "app_data", "app_db", "shared"),
			`Destroying stack "app" leaves the volumes app_data and app_db on node "one", with the data (remove_volumes is false). ` +
				`A stack of that name there that declares the same goes on with it.`},
		"destroyed, removing": {nil, at("one", "app", true, "app_data", "shared"),
			`This removes the volume app_data of node "one" with the data (remove_volumes). To keep them, set remove_volumes = false and apply that first.`},
		"replaced, removing": {at("one", "app", true, "app_data"), nil,
			`This removes the volume app_data of node "one" with the data (remove_volumes). To keep them, set remove_volumes = false and apply that first.`},
		"no longer declared": {at("one", "app", true, "app_data"), at("one", "app", true, "app_data", "app_db"),
			`Stack "app" no longer declares the volume app_db, which stays on node "one", with the data. ` +
				`A volume that is declared in its place begins empty. If nothing needs the data any more: docker volume rm app_db.`},
		"replaced": {at("one", "app", false, "app_data"), nil, ""},
		"updated":  {at("one", "app", false, "app_data", "app_db"), at("one", "app", false, "app_data", "app_db"), ""},
		"no data":  {nil, at("one", "app", false), ""},
	} {
		for _, protected := range []bool{false, true} {
			r := &stackResource{core: &holder{nodes: nodes}}
			decides := c.planned
			if c.planned == nil {
				decides = c.prior
			}
			decides.ProtectData = types.BoolValue(protected)
			diags := r.destroyDataDiagnostics(t.Context(), c.prior.orNone())
			if c.planned != nil {
				if c.prior == nil {
					r.noteRemoval(c.planned) // as Read did
				}
				diags = r.dataDiagnostics(t.Context(), c.planned, c.prior, known)
			}
			switch {
			case c.says == "" && len(diags) == 0:
			case len(diags) != 1 || diags.HasError() != protected || !protected && diags[0].Detail() != c.says ||
				protected && !strings.Contains(diags[0].Detail(), "protect_data = true, which refuses that"):
				t.Errorf("%s, protected %t: got %v", name, protected, diags)
			}
		}
	}
}

// orNone is an empty state for none.
func (m *model) orNone() *model {
	if m == nil {
		return &model{}
	}
	return m
}
