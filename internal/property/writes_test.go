package property

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/docker/docker/api/types/versions"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
)

// created stands for the ID of a container that is made meanwhile.
const created = "(new)"

var (
	apiVersion  = regexp.MustCompile(`^/v[0-9.]+`)
	containerID = regexp.MustCompile(`^/containers/[0-9a-f]{64}`)
)

// sent writes the writes among requests as text. Containers that were there
// before keep their IDs.
func sent(requests []acctest.Request, before []string) []string {
	var list []string
	for _, r := range acctest.Writes(requests) {
		path := apiVersion.ReplaceAllString(r.Path, "")
		path = containerID.ReplaceAllStringFunc(path, func(id string) string {
			if slices.Contains(before, strings.TrimPrefix(id, "/containers/")) {
				return id
			}
			return "/containers/" + created
		})
		line := r.Method + " " + path
		query, err := url.ParseQuery(r.Query)
		if name := query.Get("name"); err == nil && name != "" && !strings.HasPrefix(name, desired.HelperPrefix) { // which has another name each time
			line += " " + name
		}
		list = append(list, line)
	}
	slices.Sort(list)
	return list
}

// named are the writes that a plan's operations stand for, as text.
func named(p *plan.Plan, want *desired.Stack, api string) []string {
	var list []string
	for _, op := range p.Operations {
		list = append(list, writesOf(*op, want, api)...)
	}
	slices.Sort(list)
	return list
}

func writesOf(op plan.Operation, want *desired.Stack, api string) []string {
	id := op.Container
	if id == "" {
		id = created
	}
	on := func(verb string) []string { return []string{"POST /containers/" + id + "/" + verb} }
	switch op.Kind {
	case plan.AwaitContainer:
		return nil
	case plan.StartContainer:
		return on("start")
	case plan.RestartContainer:
		return on("restart")
	case plan.UnpauseContainer:
		return on("unpause")
	case plan.StopContainer:
		return on("stop")
	case plan.UpdateContainer:
		return on("update")
	case plan.RenameContainer:
		return []string{"POST /containers/" + id + "/rename " + op.Name}
	case plan.RemoveContainer:
		return []string{"DELETE /containers/" + id}
	case plan.CreateContainer:
		return createWrites(op, want, api)
	case plan.DeliverFiles:
		return []string{"POST /containers/create", "PUT /containers/" + created + "/archive", "DELETE /containers/" + created}
	}
	return otherWrites(op)
}

func otherWrites(op plan.Operation) []string {
	switch op.Kind {
	case plan.ConnectContainer:
		return []string{"POST /networks/" + op.Network + "/connect"}
	case plan.DisconnectContainer:
		return []string{"POST /networks/" + op.Network + "/disconnect"}
	case plan.CreateNetwork:
		return []string{"POST /networks/create"}
	case plan.RemoveNetwork:
		return []string{"DELETE /networks/" + op.Name}
	case plan.CreateVolume:
		return []string{"POST /volumes/create"}
	case plan.RemoveVolume:
		return []string{"DELETE /volumes/" + op.Name}
	case plan.RetagImage:
		return []string{"POST /images/" + op.Image + "/tag"}
	}
	return []string{fmt.Sprintf("(an operation that this test does not know: %s)", op.Kind)}
}

// createWrites are a create request and, on engines that take one network with
// it, one request for each further network.
func createWrites(op plan.Operation, want *desired.Stack, api string) []string {
	list := []string{"POST /containers/create " + op.Name}
	attachments := want.Services[op.Service].Networks
	if versions.GreaterThanOrEqualTo(api, "1.44") {
		return list
	}
	networks := []string{}
	for _, a := range attachments {
		networks = append(networks, a.Network)
	}
	for range max(0, len(networks)-1) {
		list = append(list, "POST /networks/*/connect")
	}
	return list
}

// difference says which lines only one side has; empty means none.
func difference(planned, wrote []string) string {
	var b strings.Builder
	for _, line := range planned {
		if i := slices.Index(wrote, line); i >= 0 {
			wrote = slices.Delete(slices.Clone(wrote), i, i+1)
			continue
		}
		fmt.Fprintf(&b, "planned, not sent: %s\n", line)
	}
	for _, line := range wrote {
		fmt.Fprintf(&b, "sent, not planned: %s\n", line)
	}
	return b.String()
}
