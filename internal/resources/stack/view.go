package stack

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/vmihailenco/msgpack/v5"

	"github.com/homelab-iac/terraform-provider-homelab/internal/core"
	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/stack/bypass"
)

// Bypassing are the attributes that bypass the plugin framework (see package
// bypass): what the node has. They are read and written here.
var Bypassing = bypass.Resource{Names: bypassing, Types: bypassingTypes}

var bypassing = []string{"services", "networks", "volumes"}

func bypassingTypes(ctx context.Context) map[string]tftypes.Type {
	types, schema := map[string]tftypes.Type{}, resourceSchema(ctx)
	for _, name := range bypassing {
		types[name] = schema.Attributes[name].GetType().TerraformType(ctx)
	}
	return types
}

// What a nil becomes when it is encoded, as Terraform's protocol has it: a
// value that a plan cannot know, or none.
var (
	unknown = msgpack.RawMessage{0xd4, 0, 0}
	null    = msgpack.RawMessage{0xc0}
)

// text and flag are nil for null and for unknown.
type (
	text struct{ value *string }
	flag struct{ value *bool }
)

type (
	serviceWire struct {
		Image    text     `msgpack:"image"`
		Digest   text     `msgpack:"digest"`
		Replicas int      `msgpack:"replicas"`
		State    text     `msgpack:"state"`
		Spec     specWire `msgpack:"spec"`
	}
	networkWire struct {
		Name     text     `msgpack:"name"`
		Driver   text     `msgpack:"driver"`
		Internal flag     `msgpack:"internal"`
		Spec     specWire `msgpack:"spec"`
	}
	volumeWire struct {
		Name   text `msgpack:"name"`
		Driver text `msgpack:"driver"`
	}
)

// specWire is nil for null and for unknown.
type specWire map[string]text

// DecodeMsgpack reads a map of strings, null or unknown.
func (s *specWire) DecodeMsgpack(in *msgpack.Decoder) error {
	var spec *map[string]text
	err := decode(in, &spec, func() (out map[string]text, err error) {
		err = in.Decode(&out)
		return out, err
	})
	if spec != nil {
		*s = *spec
	}
	return err
}

// DecodeMsgpack reads a string, null or unknown.
func (t *text) DecodeMsgpack(in *msgpack.Decoder) error { return decode(in, &t.value, in.DecodeString) }

// DecodeMsgpack reads a boolean, null or unknown.
func (f *flag) DecodeMsgpack(in *msgpack.Decoder) error { return decode(in, &f.value, in.DecodeBool) }

func decode[T any](in *msgpack.Decoder, into **T, read func() (T, error)) error {
	code, err := in.PeekCode()
	if err != nil {
		return err
	}
	if code == null[0] || code == unknown[0] {
		return in.Skip()
	}
	value, err := read()
	*into = &value
	return err
}

func (t text) orEmpty() string {
	if t.value == nil {
		return ""
	}
	return *t.value
}

// readBypassed takes what bypassed the framework as what the node has. Attributes that
// are null or missing are empty, and those that are unknown nil.
func (m *model) readBypassed(attributes map[string][]byte) diag.Diagnostics {
	var diags diag.Diagnostics
	read := func(name string, into any) bool {
		raw, ok := attributes[name]
		if !ok || bytes.Equal(raw, null) {
			return true
		}
		if bytes.Equal(raw, unknown) {
			return false
		}
		if err := msgpack.Unmarshal(raw, into); err != nil {
			diags.AddError("Unable to read state", fmt.Sprintf("The attribute %q is not as this provider writes it: %s. "+
				"Remove the resource from state and import it again.", name, err))
		}
		return true
	}
	var services map[string]serviceWire
	var networks map[string]networkWire
	var volumes map[string]volumeWire
	m.view, m.wasRead = core.View{}, len(attributes["services"]) > 0 && !bytes.Equal(attributes["services"], null)
	if read("services", &services) {
		m.view.Services = map[string]core.Service{}
	}
	for name, s := range services {
		m.view.Services[name] = s.service()
	}
	if read("networks", &networks) {
		m.view.Networks = map[string]core.Network{}
	}
	for name, n := range networks {
		network := core.Network{Name: n.Name.orEmpty(), Driver: n.Driver.value, Internal: n.Internal.value}
		network.Spec, network.Unknown = n.Spec.fields()
		m.view.Networks[name] = network
	}
	if read("volumes", &volumes) {
		m.view.Volumes = map[string]core.Volume{}
	}
	for name, v := range volumes {
		m.view.Volumes[name] = core.Volume{Name: v.Name.orEmpty(), Driver: v.Driver.value}
	}
	return diags
}

// service is a service of a state or plan; what is unknown in it is empty.
func (s serviceWire) service() core.Service {
	out := core.Service{Image: s.Image.orEmpty(), Digest: s.Digest.value, Replicas: s.Replicas, State: s.State.value}
	out.Spec, out.Unknown = s.Spec.fields()
	return out
}

// fields are the values, which are empty where they are unknown, and which of them
// are; nil stays nil.
func (s specWire) fields() (spec map[string]string, unknown []string) {
	if s != nil {
		spec = make(map[string]string, len(s))
	}
	for key, value := range s {
		spec[key] = value.orEmpty()
		if value.value == nil {
			unknown = append(unknown, key)
		}
	}
	slices.Sort(unknown)
	return spec, unknown
}

// encoded returns the fields of a service or network, some of them not known; missing
// is the value of the fields if spec is nil.
func encoded(spec map[string]string, notKnown []string, missing msgpack.RawMessage) any {
	if spec == nil {
		return missing
	}
	if len(notKnown) == 0 {
		return spec
	}
	out := make(map[string]any, len(spec))
	for key, value := range spec {
		out[key] = value
	}
	for _, key := range notKnown {
		out[key] = unknown
	}
	return out
}

// answer answers a call with what the node has, past the framework. missing is
// the value of nil.
func (m *model) answer(ctx context.Context, missing msgpack.RawMessage) diag.Diagnostics {
	services, networks, volumes := map[string]any{}, map[string]any{}, map[string]any{}
	for name, s := range m.view.Services {
		services[name] = map[string]any{"image": s.Image, "digest": or(s.Digest, missing), "replicas": s.Replicas, "state": or(s.State, missing), "spec": encoded(s.Spec, s.Unknown, missing)}
	}
	for name, n := range m.view.Networks {
		networks[name] = map[string]any{"name": n.Name, "driver": or(n.Driver, missing), "internal": or(n.Internal, missing), "spec": encoded(n.Spec, n.Unknown, null)}
	}
	for name, v := range m.view.Volumes {
		volumes[name] = map[string]any{"name": v.Name, "driver": or(v.Driver, missing)}
	}
	var diags diag.Diagnostics
	answer := map[string][]byte{}
	for name, value := range map[string]any{"services": services, "networks": networks, "volumes": volumes} {
		var out bytes.Buffer
		encoder := msgpack.NewEncoder(&out)
		encoder.SetSortMapKeys(true)
		if err := encoder.Encode(value); err != nil {
			diags.AddError("Unable to write state", fmt.Sprintf("encode %q: %s", name, err))
		}
		answer[name] = out.Bytes()
	}
	bypass.From(ctx).Answer(answer)
	return diags
}

func or[T any](value *T, missing msgpack.RawMessage) any {
	if value == nil {
		return missing
	}
	return *value
}

// bypassUnknown answers a plan that only applying will show what the node has.
func bypassUnknown(ctx context.Context) {
	bypass.From(ctx).Answer(map[string][]byte{"services": unknown, "networks": unknown, "volumes": unknown})
}

// bypassPrior answers a plan that nothing of what the node has changes.
func bypassPrior(ctx context.Context) {
	values := bypass.From(ctx)
	values.Answer(values.Prior)
}
