package execute

import (
	"errors"
	"maps"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
)

// The answer to each creation is lost, though the engine made what it was asked for.
func TestRun_AnswerIsLost_WhatWasMadeIsFoundAndRemoved(t *testing.T) {
	errCut := errors.New("unexpected EOF")
	made := map[string]string{desired.LabelProject: "home", desired.LabelService: "app", desired.LabelNumber: "1", desired.LabelOneOff: "False",
		desired.LabelStack: "home"}
	undone := func(t *testing.T, f *fake, removes ...string) {
		t.Helper()
		if failed := recreate(t, f, true); failed == nil || failed.RollbackErr != nil {
			t.Fatalf("error: %+v", failed)
		}
		for _, remove := range removes {
			if !slices.Contains(f.called(), remove) {
				t.Errorf("no %q among %v", remove, f.called())
			}
		}
	}
	t.Run("of a container", func(t *testing.T) {
		labels := maps.Clone(made)
		f := &fake{labels: map[string]map[string]string{"app_after_old": labels}, fault: failingWith(errCut, "create app_after_old networks=0"), made: labels}
		undone(t, f, "remove app_after_old")
	})
	t.Run("of a container, and somebody else has one of the name", func(t *testing.T) {
		f := &fake{labels: map[string]map[string]string{"app_after_old": {desired.LabelProject: "other"}}, fault: failingWith(errCut, "create app_after_old networks=0")}
		undone(t, f)
		if slices.Contains(f.called(), "remove app_after_old") {
			t.Errorf("calls: %v", f.called())
		}
	})
	t.Run("of a scratch container", func(t *testing.T) {
		f := &fake{fault: failingWith(errCut, "create scratch networks=0")}
		undone(t, f, "remove scratch", "remove volume conf-2")
	})
	t.Run("of a volume of files", func(t *testing.T) {
		undone(t, &fake{fault: failingWith(errCut, "create volume conf-2")}, "remove volume conf-2")
	})
	t.Run("of a renaming", func(t *testing.T) {
		undone(t, &fake{state: map[string]*container.State{"old": up("1")}, fault: failingWith(errCut, "rename old to old_app")}, "rename old to app")
	})
}

func TestRun_AnswerToANetworksCreationIsLost_IsRemovedIfItIsOurs(t *testing.T) {
	marks := map[string]string{desired.LabelProject: "home", desired.LabelNetwork: "front", desired.LabelStack: "home",
		desired.LabelConfigHash: "", desired.LabelComposeVer: composeVersion}
	for name, labels := range map[string]map[string]string{"ours": marks, "somebody else's": {}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{networks: map[string]network.Inspect{"home_front": {ID: "made", Name: "home_front", Labels: labels}},
					fault: failingWith(errors.New("unexpected EOF"), "create network home_front")}
				w := &desired.Stack{Name: "home", Networks: map[string]desired.Network{"front": {Name: "home_front"}}}
				p := &plan.Plan{Rollback: true, Operations: []*plan.Operation{{ID: "make", Kind: plan.CreateNetwork, Name: "home_front"}}}
				if err := Run(t.Context(), f, w, p, Options{Rollback: true}); err == nil {
					t.Fatal("no error")
				}
				if got := slices.Contains(f.called(), "remove network made"); got != (name == "ours") {
					t.Errorf("calls: %v", f.called())
				}
			})
		})
	}
}
