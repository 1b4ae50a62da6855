package plan_test

import (
	"strings"
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
)

func TestBuild_ContainerOfAnotherStackUsesTheNetwork_IsNamedWhereItLosesIt(t *testing.T) {
	w := website()
	e := running(t, w)
	have := e.observe(stackName)
	have.Guests = map[string][]observed.Holder{have.Services["app"][0].ID: {
		{Container: "torrent", Stack: "media", Service: "torrent", Owned: true}, {Container: "home-proxy-1", Stack: stackName, Service: "proxy"}, {Container: "byhand"}}}
	if p := plan.Build(w, have, plan.Options{}); len(p.Warnings) > 0 {
		t.Errorf("nothing changes: %q", p.Warnings)
	}
	app := w.Services["app"]
	app.Config.Env = append(app.Config.Env, "NEW=1")
	w.Services["app"] = app
	warnings := strings.Join(plan.Build(w, have, plan.Options{}).Warnings, "\n")
	for _, part := range []string{`service "torrent" of stack "media" (container "torrent") uses its network: that one has none until it is recreated. The next plan`, `container "byhand" uses its network`} {
		if !strings.Contains(warnings, part) {
			t.Errorf("%q is not in %s", part, warnings)
		}
	}
	if strings.Contains(warnings, "home-proxy-1") {
		t.Errorf("one of the stack follows: %s", warnings)
	}
}
