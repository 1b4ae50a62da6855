package bypass_test

import (
	"context"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/stack/bypass"
)

// upgrader decodes a state as the framework does and notes what it was sent.
type upgrader struct {
	tfprotov6.ProviderServer

	typ  tftypes.Type
	sent string
}

func (u *upgrader) UpgradeResourceState(_ context.Context, req *tfprotov6.UpgradeResourceStateRequest) (*tfprotov6.UpgradeResourceStateResponse, error) {
	u.sent = string(req.RawState.JSON)
	value, err := req.RawState.UnmarshalWithOpts(u.typ, tfprotov6.UnmarshalOpts{ValueFromJSONOpts: tftypes.ValueFromJSONOpts{IgnoreUndefinedAttributes: true}})
	if err != nil {
		return nil, err
	}
	state, err := tfprotov6.NewDynamicValue(u.typ, value)
	return &tfprotov6.UpgradeResourceStateResponse{UpgradedState: &state}, err
}

// seen has every kind of value that a resource may have bypass the framework.
var seen = tftypes.Map{ElementType: tftypes.Object{AttributeTypes: map[string]tftypes.Type{
	"image": tftypes.String, "replicas": tftypes.Number, "internal": tftypes.Bool, "spec": tftypes.Map{ElementType: tftypes.String}}}}

func upgrade(t *testing.T, version int64, state string) (got, want, sent string, err error) {
	t.Helper()
	typ := tftypes.Object{AttributeTypes: map[string]tftypes.Type{"name": tftypes.String, "seen": seen}}
	req := &tfprotov6.UpgradeResourceStateRequest{TypeName: "test_thing", Version: version, RawState: &tfprotov6.RawState{JSON: []byte(state)}}
	decode := func(server tfprotov6.ProviderServer) (string, error) {
		resp, err := server.UpgradeResourceState(t.Context(), req)
		if err != nil {
			return "", err
		}
		value, err := resp.UpgradedState.Unmarshal(typ)
		return value.String(), err
	}
	u := &upgrader{typ: typ}
	want, _ = decode(u) // an error is the caller's to expect
	u.sent = ""
	got, err = decode(bypass.New(u, map[string]bypass.Resource{"test_thing": {Version: 1, Names: []string{"seen"},
		Types: func(context.Context) map[string]tftypes.Type { return map[string]tftypes.Type{"seen": seen} }}}))
	return got, want, u.sent, err
}

func TestUpgrade_State_IsWhatTheFrameworkMakesOfIt(t *testing.T) {
	for name, value := range map[string]string{
		"values":     `{"web":{"image":"nginx","replicas":3,"internal":true,"spec":{"a":"1","b":""}},"db":{"image":"","replicas":0,"internal":false,"spec":{}}}`,
		"null":       `null`,
		"nulls":      `{"web":{"image":null,"replicas":null,"internal":null,"spec":null},"none":null}`,
		"empty":      `{}`,
		"numbers":    `{"web":{"replicas":-7},"b":{"replicas":123456789012345678901234567890},"c":{"replicas":0.1}}`,
		"fewer":      `{"web":{"image":"nginx"}}`,
		"more":       `{"web":{"image":"nginx","gone":[1,{"x":"y"}]}}`,
		"characters": `{"é\u0000\"":{"image":"<&>\u2028"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			got, want, sent, err := upgrade(t, 1, `{"name":"n","seen":`+value+`}`)
			if err != nil || got != want {
				t.Errorf("got %s, %v; the framework gives %s", got, err, want)
			}
			if sent != `{"name":"n","seen":null}` {
				t.Errorf("the framework was sent %s", sent)
			}
		})
	}
}

func TestUpgrade_AttributeMissing_IsNull(t *testing.T) {
	if got, want, _, err := upgrade(t, 1, `{"name":"n"}`); err != nil || got != want {
		t.Errorf("got %s, %v; the framework gives %s", got, err, want)
	}
}

func TestUpgrade_OtherVersion_IsTheFrameworksBusiness(t *testing.T) {
	state := `{"name":"n","seen":{"web":{"image":"nginx"}}}`
	if got, want, sent, err := upgrade(t, 0, state); err != nil || got != want || sent != state {
		t.Errorf("got %s, %v, and the framework was sent %s", got, err, sent)
	}
}

func TestUpgrade_NotOfTheType_IsAnError(t *testing.T) {
	for name, value := range map[string]string{
		"list": `[]`, "text": `"x"`, "number": `{"web":{"image":1}}`, "string": `{"web":{"replicas":"3"}}`, "object": `{"web":{"image":{}}}`, "boolean": `{"web":{"spec":true}}`,
	} {
		if _, _, _, err := upgrade(t, 1, `{"name":"n","seen":`+value+`}`); err == nil {
			t.Errorf("%s: %s is accepted", name, value)
		}
	}
	if _, _, _, err := upgrade(t, 1, `{`); err == nil {
		t.Error("broken JSON is accepted")
	}
}
