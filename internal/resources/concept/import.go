package concept

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
)

// ImportID is how resources of one kind are imported: by "node/name".
type ImportID struct {
	// Names matches the names that are possible.
	Names *regexp.Regexp
	// Kind and Example are for the error: a "secret" of the name "db_password".
	Kind, Example string
	// List is the command that lists them, as in "docker network ls lists the networks of a node".
	List string
}

// Import sets id, node and name of a resource that is imported.
func (i ImportID) Import(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	node, name, ok := strings.Cut(req.ID, "/")
	if !ok || node == "" || !i.Names.MatchString(name) {
		resp.Diagnostics.AddError("Invalid import ID", fmt.Sprintf("%q is not of the form node/name. For the %s %q on the node \"helios\" write helios/%s; %s.",
			req.ID, i.Kind, i.Example, i.Example, i.List))
		return
	}
	for attribute, value := range map[string]string{"id": req.ID, "node": node, "name": name} {
		resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root(attribute), value)...)
	}
}
