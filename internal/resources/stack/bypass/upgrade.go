package bypass

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/vmihailenco/msgpack/v5"
)

// UpgradeResourceState turns a resource of the state, which is JSON, into what
// Terraform sends from then on. A state of another version than the schema's is
// left to the other server: its attributes may be others.
func (s *Server) UpgradeResourceState(ctx context.Context, req *tfprotov6.UpgradeResourceStateRequest) (*tfprotov6.UpgradeResourceStateResponse, error) {
	kind, ok := s.resources[req.TypeName]
	if !ok || req.Version != kind.Version || req.RawState == nil || len(req.RawState.JSON) == 0 {
		return s.ProviderServer.UpgradeResourceState(ctx, req)
	}
	var attributes map[string]json.RawMessage
	if err := json.Unmarshal(req.RawState.JSON, &attributes); err != nil {
		return s.ProviderServer.UpgradeResourceState(ctx, req) // which says what is wrong
	}
	values := map[string][]byte{}
	for name, typ := range kind.Types(ctx) {
		value, err := fromJSON(attributes[name], typ)
		if err != nil {
			return nil, fmt.Errorf("decode attribute %s of the state: %w", name, err)
		}
		values[name], attributes[name] = value, json.RawMessage("null")
	}
	rest, err := json.Marshal(attributes)
	if err != nil {
		return nil, fmt.Errorf("encode state: %w", err)
	}
	inner := *req
	inner.RawState = &tfprotov6.RawState{JSON: rest}
	resp, err := s.ProviderServer.UpgradeResourceState(ctx, &inner)
	if err != nil || resp == nil {
		return resp, err
	}
	resp.UpgradedState, err = put(resp.UpgradedState, kind.Names, func(name string, _ []byte) []byte { return values[name] })
	return resp, err
}

// fromJSON encodes a value of the state's JSON in MessagePack. Attributes of an
// object that the state does not have are null, and those that the type does not
// have are dropped, as the framework does.
func fromJSON(raw json.RawMessage, typ tftypes.Type) ([]byte, error) {
	if len(raw) == 0 {
		return null, nil
	}
	in := json.NewDecoder(bytes.NewReader(raw))
	in.UseNumber()
	var value any
	if err := in.Decode(&value); err != nil {
		return nil, err
	}
	var buffer bytes.Buffer
	if err := encode(msgpack.NewEncoder(&buffer), value, typ); err != nil {
		return nil, err
	}
	return buffer.Bytes(), nil
}

func encode(out *msgpack.Encoder, value any, typ tftypes.Type) error {
	switch v := value.(type) {
	case nil:
		return out.EncodeNil()
	case json.Number:
		if typ.Is(tftypes.Number) {
			return encodeNumber(out, v)
		}
	case map[string]any:
		return encodeMap(out, v, typ)
	case string:
		if typ.Is(tftypes.String) {
			return out.EncodeString(v)
		}
	case bool:
		if typ.Is(tftypes.Bool) {
			return out.EncodeBool(v)
		}
	}
	return fmt.Errorf("%T where %s belongs", value, typ)
}

func encodeNumber(out *msgpack.Encoder, number json.Number) error {
	if integer, err := number.Int64(); err == nil {
		return out.EncodeInt(integer)
	}
	return out.EncodeString(number.String()) // which the protocol reads in full precision
}

func encodeMap(out *msgpack.Encoder, value map[string]any, typ tftypes.Type) error {
	of := map[string]tftypes.Type{}
	switch t := typ.(type) {
	case tftypes.Object:
		of = t.AttributeTypes
	case tftypes.Map:
		for key := range value {
			of[key] = t.ElementType
		}
	default:
		return fmt.Errorf("an object where %s belongs", typ)
	}
	if err := out.EncodeMapLen(len(of)); err != nil {
		return err
	}
	for _, key := range slices.Sorted(maps.Keys(of)) {
		if err := out.EncodeString(key); err != nil {
			return err
		}
		if err := encode(out, value[key], of[key]); err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
	}
	return nil
}
