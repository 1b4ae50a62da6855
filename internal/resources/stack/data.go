package stack

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	tfpath "github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/homelab-iac/terraform-provider-homelab/internal/core"
)

// howToTakeAlong is where the guides say how data gets from one place to another.
const howToTakeAlong = "The guide \"Getting started\" says under \"Take data along\" how to copy it."

// volumeNames are the engine's names of the volumes that a state or plan shows.
func (m *model) volumeNames() []string {
	var names []string
	for _, v := range m.view.Volumes {
		names = append(names, v.Name)
	}
	slices.Sort(names)
	return names
}

// noteRemoval notes which volumes destroying the stack removes.
func (r *stackResource) noteRemoval(state *model) {
	var removed []string
	if state.RemoveVolumes.ValueBool() {
		removed = state.volumeNames()
	}
	r.core.RemovesData(state.Node.ValueString(), state.Name.ValueString(), removed)
}

// destroyDataDiagnostics says what destroying a stack does to its volumes. Of a node
// that cannot be looked at nothing is said.
func (r *stackResource) destroyDataDiagnostics(ctx context.Context, prior *model) diag.Diagnostics {
	node, name := prior.Node.ValueString(), prior.Name.ValueString()
	_, own, err := r.core.Data(ctx, node, name, prior.volumeNames())
	switch {
	case err != nil || len(own) == 0:
		return nil
	case prior.RemoveVolumes.ValueBool():
		return warnOfRemovedData(prior, prior, own)
	}
	return warnOfKeptData(prior, fmt.Sprintf("Destroying stack %q leaves %s on node %q, with the data (remove_volumes is false). "+
		"A stack of that name there that declares the same goes on with it.", name, volumesText(own), node))
}

// dataDiagnostics says which data a plan removes or leaves behind.
func (r *stackResource) dataDiagnostics(ctx context.Context, planned, prior *model, record core.Record) diag.Diagnostics {
	switch {
	case prior == nil:
		return r.replacedData(ctx, planned)
	case samePlace(planned, prior):
		r.noteRemoval(prior)
		return r.droppedData(ctx, planned, prior, record)
	default:
		return r.movedData(ctx, planned, prior)
	}
}

// replacedData says which volumes are removed by a replacement in the same place, as of
// a tainted stack: it is planned without its state. Of one that was asked for with
// -replace Terraform shows only errors here, no warnings.
func (r *stackResource) replacedData(ctx context.Context, planned *model) diag.Diagnostics {
	node, name := planned.Node.ValueString(), planned.Name.ValueString()
	removed := r.core.DataRemoved(node, name)
	if len(removed) == 0 {
		return nil
	}
	_, own, err := r.core.Data(ctx, node, name, removed)
	if err != nil || len(own) == 0 {
		return nil
	}
	return warnOfRemovedData(planned, planned, own)
}

// droppedData says which volumes an update no longer declares: they stay.
func (r *stackResource) droppedData(ctx context.Context, planned, prior *model, record core.Record) diag.Diagnostics {
	if planned.view.Volumes == nil {
		return nil // not known yet
	}
	declared := planned.volumeNames()
	var dropped []string
	for _, name := range record.Volumes {
		if !slices.Contains(declared, name) {
			dropped = append(dropped, name)
		}
	}
	node, name := prior.Node.ValueString(), prior.Name.ValueString()
	_, own, err := r.core.Data(ctx, node, name, dropped)
	if err != nil || len(own) == 0 {
		return nil
	}
	return warnOfKeptData(planned, fmt.Sprintf("Stack %q no longer declares %s, which stays on node %q, with the data. "+
		"A volume that is declared in its place begins empty. If nothing needs the data any more: docker volume rm %s.", name, volumesText(own), node, strings.Join(own, " ")))
}

// movedData says what a stack leaves behind, or removes, that goes to another node or
// gets another name.
func (r *stackResource) movedData(ctx context.Context, planned, prior *model) diag.Diagnostics {
	node, name := prior.Node.ValueString(), prior.Name.ValueString()
	exist, own, err := r.core.Data(ctx, node, name, prior.volumeNames())
	if err != nil {
		return nil
	}
	if prior.RemoveVolumes.ValueBool() && len(own) > 0 {
		return warnOfRemovedData(planned, prior, own)
	}
	var left []string
	elsewhere := !planned.Node.Equal(prior.Node)
	if elsewhere { // external volumes and directories are the node's
		if directories := prior.directories(); len(directories) > 0 {
			left = append(left, fmt.Sprintf("%s of node %q", directoriesText(directories), node))
		}
	} else {
		exist = own
	}
	var begins string
	if len(exist) > 0 {
		left = append([]string{fmt.Sprintf("%s of node %q", volumesText(exist), node)}, left...)
		begins = r.beginsWith(ctx, planned)
	}
	if len(left) == 0 {
		return nil
	}
	return warnOfKeptData(planned, fmt.Sprintf("Stack %q leaves behind, with the data: %s.%s %s", name, strings.Join(left, "; "), begins, howToTakeAlong))
}

// beginsWith says which volumes a stack finds in its new place.
func (r *stackResource) beginsWith(ctx context.Context, planned *model) string {
	if planned.Node.IsUnknown() || planned.Name.IsUnknown() || len(planned.view.Volumes) == 0 {
		return ""
	}
	names := planned.volumeNames()
	there, _, err := r.core.Data(ctx, planned.Node.ValueString(), planned.Name.ValueString(), names)
	if err != nil {
		return ""
	}
	var text string
	empty := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return slices.Contains(there, name) })
	if len(empty) > 0 {
		text += fmt.Sprintf(" Stack %q begins on node %q with %s empty.", planned.Name.ValueString(), planned.Node.ValueString(), volumesText(empty))
	}
	if len(there) > 0 {
		text += fmt.Sprintf(" Node %q has %s already: the stack goes on with what is in there.", planned.Node.ValueString(), volumesText(there))
	}
	return text
}

// directories are the directories and files of the node that services may write to, as
// a state shows their bind mounts.
func (m *model) directories() []string {
	var out []string
	for _, service := range m.view.Services {
		for field, value := range service.Spec {
			fields := strings.Fields(value)
			if !strings.HasPrefix(field, "volumes.") || len(fields) < 2 || fields[0] != "bind" || fields[len(fields)-1] == "read-only" || !holdsData(fields[1]) {
				continue
			}
			out = append(out, fields[1])
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// holdsData reports whether a path of a node is not one of the system's own,
// such as sockets and devices.
func holdsData(source string) bool {
	if !path.IsAbs(source) || source == "/" || strings.HasSuffix(source, ".sock") {
		return false
	}
	for _, system := range []string{"/proc", "/sys", "/dev", "/run", "/var/run", "/etc/localtime", "/etc/timezone", "/lib/modules", "/usr"} {
		if source == system || strings.HasPrefix(source, system+"/") {
			return false
		}
	}
	return true
}

// warnOfRemovedData says that volumes of the prior stack are removed; planned has the setting
// that may refuse it.
func warnOfRemovedData(planned, prior *model, volumes []string) diag.Diagnostics {
	what := fmt.Sprintf("This removes %s of node %q with the data (remove_volumes).", volumesText(volumes), prior.Node.ValueString())
	if planned.ProtectData.ValueBool() {
		return protected(what)
	}
	return diag.Diagnostics{diag.NewAttributeWarningDiagnostic(tfpath.Root("remove_volumes"), "Volumes are removed with their data", what+
		" To keep them, set remove_volumes = false and apply that first.")}
}

func warnOfKeptData(planned *model, what string) diag.Diagnostics {
	if planned.ProtectData.ValueBool() {
		return protected(what)
	}
	return diag.Diagnostics{diag.NewWarningDiagnostic("Data stays where it is", what)}
}

func protected(what string) diag.Diagnostics {
	return diag.Diagnostics{diag.NewAttributeErrorDiagnostic(tfpath.Root("protect_data"), "Data is protected", what+
		" The stack has protect_data = true, which refuses that. If it is meant, set protect_data = false; before a destroy, apply that first.")}
}

func volumesText(names []string) string { return listed("the volume", "the volumes", names) }

func directoriesText(names []string) string { return listed("the directory", "the directories", names) }

func listed(one, several string, names []string) string {
	if len(names) == 1 {
		return one + " " + names[0]
	}
	last := len(names) - 1
	return several + " " + strings.Join(names[:last], ", ") + " and " + names[last]
}
