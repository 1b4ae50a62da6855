package node

import (
	"context"
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/homelab-iac/terraform-provider-homelab/internal/core"
	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
)

// The conditions of a directory that state shows.
const (
	statePresent = string(observed.DirectoryPresent)
	stateUnseen  = string(observed.DirectoryUnseen)
)

// strangerID is what containers see for an owner that they don't have: the
// kernel's overflow ID (user_namespaces(7)).
const strangerID = 65534

func directoryTypes() map[string]attr.Type {
	return map[string]attr.Type{
		"uid": types.Int64Type, "gid": types.Int64Type, "mode": types.StringType,
		"host_uid": types.Int64Type, "host_gid": types.Int64Type, "state": types.StringType,
	}
}

// entries returns the directories by path. ok is false while it is not known
// which there are, or one of them is not known at all.
func (m *model) entries(ctx context.Context) (entries map[string]directoryModel, ok bool, diags diag.Diagnostics) {
	if m.Directories.IsUnknown() {
		return nil, false, nil
	}
	for _, element := range m.Directories.Elements() {
		if element.IsUnknown() {
			return nil, false, nil
		}
	}
	entries = map[string]directoryModel{}
	if !m.Directories.IsNull() {
		diags = m.Directories.ElementsAs(ctx, &entries, false)
	}
	return entries, true, diags
}

// setEntries keeps null where there is none and none was configured.
func (m *model) setEntries(ctx context.Context, entries map[string]directoryModel) diag.Diagnostics {
	if len(entries) == 0 && m.Directories.IsNull() {
		return nil
	}
	value, diags := types.MapValueFrom(ctx, types.ObjectType{AttrTypes: directoryTypes()}, entries)
	m.Directories = value
	return diags
}

// toDesired is what is wanted, sorted; a value that is not known yet counts as
// not given.
func toDesired(entries map[string]directoryModel) []desired.Directory {
	var want []desired.Directory
	for _, p := range slices.Sorted(maps.Keys(entries)) {
		e := entries[p]
		d := desired.Directory{Path: p, UID: given(e.UID), GID: given(e.GID)}
		if mode, err := desired.ParseMode(e.Mode.ValueString()); err == nil {
			d.Mode = &mode
		}
		want = append(want, d)
	}
	return want
}

func given(v types.Int64) *int {
	if v.IsNull() || v.IsUnknown() {
		return nil
	}
	id := int(v.ValueInt64())
	return &id
}

// observe shows a directory as it was found, of what is managed. ok is false for
// one that is not there.
func (e directoryModel) observe(have *core.Directory) (_ directoryModel, ok bool) {
	switch have.State {
	case observed.DirectoryPresent:
		if !e.UID.IsNull() {
			e.UID = seenID(have.UID)
		}
		if !e.GID.IsNull() {
			e.GID = seenID(have.GID)
		}
		if !e.Mode.IsNull() {
			e.Mode = types.StringValue(have.Mode.String())
		}
		e.HostUID, e.HostGID, e.State = idValue(have.NodeUID), idValue(have.NodeGID), types.StringValue(statePresent)
		return e, true
	case observed.DirectoryUnseen:
		e.UID, e.GID, e.Mode = types.Int64Null(), types.Int64Null(), types.StringNull()
		e.HostUID, e.HostGID, e.State = types.Int64Null(), types.Int64Null(), types.StringValue(stateUnseen)
		return e, true
	default:
		return e, false
	}
}

func seenID(id int) types.Int64 {
	if id == observed.NoID {
		id = strangerID
	}
	return types.Int64Value(int64(id))
}

// present is a directory as the state has it; ok is false for one that was not
// seen.
func (e directoryModel) present(ids observed.IDs) (_ core.Directory, ok bool) {
	if e.State.ValueString() != statePresent {
		return core.Directory{}, false
	}
	have := core.Directory{State: observed.DirectoryPresent, NodeUID: idOf(e.HostUID), NodeGID: idOf(e.HostGID)}
	have.UID, have.GID = idOf(e.UID), idOf(e.GID)
	if ids.UID != observed.NoID {
		have.UID, have.GID = ids.InContainer(have.NodeUID, have.NodeGID)
	}
	have.Mode, _ = desired.ParseMode(e.Mode.ValueString())
	return have, true
}

// plan fills in what applying will show of a directory that was found so.
func (e directoryModel) plan(have *core.Directory, ids observed.IDs) directoryModel {
	e.State = types.StringValue(statePresent)
	e.HostUID = planID(e.UID, have, have.NodeUID, ids.UID)
	e.HostGID = planID(e.GID, have, have.NodeGID, ids.GID)
	return e
}

// planID is the node's ID of an owner that is to be: the one that is given; else
// the one that is; else, of a directory that will be made, root's.
func planID(wanted types.Int64, have *core.Directory, now, root int) types.Int64 {
	switch {
	case root == observed.NoID:
		return types.Int64Null()
	case wanted.IsUnknown():
		return types.Int64Unknown()
	case !wanted.IsNull():
		return types.Int64Value(wanted.ValueInt64() + int64(root))
	case have.State == observed.DirectoryPresent:
		return idValue(now)
	case have.State == observed.DirectoryMissing:
		return types.Int64Value(int64(root))
	default:
		return types.Int64Unknown()
	}
}
