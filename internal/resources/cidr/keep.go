package cidr

import (
	"context"
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// Keep returns planned with the spellings of prior wherever it has the same values:
// Terraform then sees no change. The framework itself holds spellings against each
// other when something was read or applied, and not when it is planned. Terraform
// wants every attribute to be as configured or as before, so a list, set or map of
// texts is kept completely or not at all; in objects each attribute counts.
func Keep(ctx context.Context, planned, prior attr.Value) attr.Value {
	if prior == nil || !isKnown(planned) || !isKnown(prior) || !planned.Type(ctx).Equal(prior.Type(ctx)) {
		return planned
	}
	switch p := planned.(type) {
	case Value:
		if same(p, prior) {
			return prior
		}
	case types.Object:
		return types.ObjectValueMust(p.AttributeTypes(ctx), keepEach(ctx, p.Attributes(), prior.(types.Object).Attributes()))
	case types.List:
		return keepList(ctx, p, prior.(types.List))
	case types.Set:
		if sameSet(p, prior.(types.Set)) {
			return prior
		}
	case types.Map:
		return keepMap(ctx, p, prior.(types.Map))
	}
	return planned
}

func isKnown(value attr.Value) bool { return !value.IsNull() && !value.IsUnknown() }

func same(planned Value, prior attr.Value) bool {
	before, ok := prior.(Value)
	return ok && planned.Canonical() != "" && planned.Canonical() == before.Canonical()
}

func keepEach(ctx context.Context, planned, prior map[string]attr.Value) map[string]attr.Value {
	out := maps.Clone(planned)
	for name, value := range out {
		out[name] = Keep(ctx, value, prior[name])
	}
	return out
}

func keepList(ctx context.Context, planned, prior types.List) attr.Value {
	if len(planned.Elements()) != len(prior.Elements()) {
		return planned
	}
	var out []attr.Value
	all := true
	for i, value := range planned.Elements() {
		kept := Keep(ctx, value, prior.Elements()[i])
		all = all && kept.Equal(prior.Elements()[i])
		out = append(out, kept)
	}
	if _, objects := planned.ElementType(ctx).(types.ObjectType); objects || all {
		return types.ListValueMust(planned.ElementType(ctx), out)
	}
	return planned
}

func keepMap(ctx context.Context, planned, prior types.Map) attr.Value {
	out := keepEach(ctx, planned.Elements(), prior.Elements())
	_, objects := planned.ElementType(ctx).(types.ObjectType)
	kept := types.MapValueMust(planned.ElementType(ctx), out)
	if objects || kept.Equal(prior) {
		return kept
	}
	return planned
}

func sameSet(planned, prior types.Set) bool {
	mine, ok := spelled(planned.Elements())
	theirs, ok2 := spelled(prior.Elements())
	return ok && ok2 && slices.Equal(mine, theirs)
}

// spelled are texts canonically spelled, sorted; ok is false if one of them is
// unknown, or no [Value].
func spelled(elements []attr.Value) (texts []string, ok bool) {
	for _, element := range elements {
		text, _ := element.(Value)
		if text.Canonical() == "" {
			return nil, false
		}
		texts = append(texts, text.Canonical())
	}
	slices.Sort(texts)
	return texts, true
}
