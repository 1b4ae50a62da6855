package acctest

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
)

// How [Differences] writes a value that is not there, and one that only applying
// will tell.
const (
	Absent  = "(absent)"
	Unknown = "(known after apply)"
)

// PlanCheck is a function that checks a plan; see [plancheck.PlanCheck].
type PlanCheck func(plan *tfjson.Plan) error

// CheckPlan calls the function.
func (c PlanCheck) CheckPlan(_ context.Context, req plancheck.CheckPlanRequest, resp *plancheck.CheckPlanResponse) {
	resp.Error = c(req.Plan)
}

// StateCheck is a function that checks a resource's attributes; see
// [statecheck.StateCheck].
type StateCheck func(state *tfjson.State) error

// CheckState calls the function.
func (c StateCheck) CheckState(_ context.Context, req statecheck.CheckStateRequest, resp *statecheck.CheckStateResponse) {
	resp.Error = c(req.State)
}

// ExpectDifferences is a plan in which a resource differs in exactly these
// lines of [Differences], in any order.
func ExpectDifferences(address string, want ...string) PlanCheck {
	return func(plan *tfjson.Plan) error {
		change, err := Change(plan, address)
		if err != nil {
			return err
		}
		got := Differences(change)
		want := slices.Sorted(slices.Values(want))
		if !slices.Equal(got, want) {
			return fmt.Errorf("the plan of %s says\n  %s\nand should say\n  %s", address, strings.Join(got, "\n  "), strings.Join(want, "\n  "))
		}
		return nil
	}
}

// Change finds a resource's change in a plan.
func Change(plan *tfjson.Plan, address string) (*tfjson.Change, error) {
	for _, rc := range plan.ResourceChanges {
		if rc.Address == address {
			return rc.Change, nil
		}
	}
	return nil, fmt.Errorf("the plan does not mention %s", address)
}

// Differences lists what differs between before and after in a change, one
// line for each value: `services.web.spec.environment.A: "1" -> "2"`. Of the
// documents only the name is given: their text is the test's own. It is sorted.
func Differences(change *tfjson.Change) []string {
	before, after := map[string]string{}, map[string]string{}
	flatten("", change.Before, before)
	flatten("", change.After, after)
	flattenUnknown("", change.AfterUnknown, after)
	keys := maps.Clone(before)
	maps.Copy(keys, after)
	var lines []string
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		old, now := orAbsent(before, key), orAbsent(after, key)
		switch {
		case old == now:
		case isDocument(key):
			lines = append(lines, key)
		default:
			lines = append(lines, key+": "+old+" -> "+now)
		}
	}
	slices.Sort(lines)
	return lines
}

func isDocument(key string) bool { return key == "compose" || strings.HasPrefix(key, "overrides") }

func orAbsent(values map[string]string, key string) string {
	if value, ok := values[key]; ok {
		return value
	}
	return Absent
}

// flatten writes scalars under their dotted paths; null is absent.
func flatten(path string, value any, into map[string]string) {
	switch v := value.(type) {
	case nil:
	case map[string]any:
		for key, inner := range v {
			flatten(join(path, key), inner, into)
		}
	case []any:
		for i, inner := range v {
			flatten(fmt.Sprintf("%s[%d]", path, i), inner, into)
		}
	case string:
		into[path] = fmt.Sprintf("%q", v)
	default:
		into[path] = fmt.Sprint(v)
	}
}

// flattenUnknown marks the paths whose value is true in after_unknown.
func flattenUnknown(path string, value any, into map[string]string) {
	switch v := value.(type) {
	case bool:
		if v {
			into[path] = Unknown
		}
	case map[string]any:
		for key, inner := range v {
			flattenUnknown(join(path, key), inner, into)
		}
	case []any:
		for i, inner := range v {
			flattenUnknown(fmt.Sprintf("%s[%d]", path, i), inner, into)
		}
	}
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// Service is a service in a stack's state, as JSON has it.
type Service struct {
	Image, Digest, State string
	Replicas             int
	Spec                 map[string]string
}

// Services reads a stack's services out of its attributes: those of a state's
// resource, or a change's Before or After. Nil attributes have none.
func Services(attributes any) (map[string]Service, error) {
	stack, ok := attributes.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("no attributes, but %s", reflect.TypeOf(attributes))
	}
	text, err := json.Marshal(stack["services"])
	if err != nil {
		return nil, fmt.Errorf("encode services: %w", err)
	}
	var services map[string]Service
	if err := json.Unmarshal(text, &services); err != nil {
		return nil, fmt.Errorf("decode services: %w", err)
	}
	return services, nil
}

// ExpectOnlyReads is a plan for which the engine was sent only GET and HEAD since
// the recorder was last asked, and something at all.
func ExpectOnlyReads(recorder *Recorder) PlanCheck {
	return func(*tfjson.Plan) error {
		requests := recorder.Take()
		if len(requests) == 0 {
			return fmt.Errorf("nothing was recorded: the check proves nothing")
		}
		if writes := Writes(requests); len(writes) > 0 {
			return fmt.Errorf("planning wrote to the engine: %s", writes)
		}
		return nil
	}
}
