package bypass

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/vmihailenco/msgpack/v5"
)

// take takes attributes out of an object and leaves null in their places. An
// object that is null has none.
func take(object *tfprotov6.DynamicValue, names []string) (*tfprotov6.DynamicValue, map[string][]byte, error) {
	taken := map[string][]byte{}
	rest, err := edit(object, func(name string, raw []byte) []byte {
		if !slices.Contains(names, name) {
			return raw
		}
		taken[name] = bytes.Clone(raw)
		return null
	})
	return rest, taken, err
}

// put puts attributes into an object. An object that is null stays so.
func put(object *tfprotov6.DynamicValue, names []string, value func(name string, own []byte) []byte) (*tfprotov6.DynamicValue, error) {
	return edit(object, func(name string, raw []byte) []byte {
		if !slices.Contains(names, name) {
			return raw
		}
		return value(name, raw)
	})
}

// edit returns an object with other attributes. Terraform sends every object in
// MessagePack: a map of all its attributes, or null.
func edit(object *tfprotov6.DynamicValue, other func(name string, raw []byte) []byte) (*tfprotov6.DynamicValue, error) {
	if object == nil || len(object.MsgPack) == 0 || isNull(object.MsgPack) {
		return object, nil
	}
	in := msgpack.NewDecoder(bytes.NewReader(object.MsgPack))
	size, err := in.DecodeMapLen()
	if err != nil {
		return nil, fmt.Errorf("decode object: %w", err)
	}
	var buffer bytes.Buffer
	out := msgpack.NewEncoder(&buffer)
	if err := out.EncodeMapLen(size); err != nil {
		return nil, fmt.Errorf("encode object: %w", err)
	}
	for range size {
		name, err := in.DecodeString()
		if err != nil {
			return nil, fmt.Errorf("decode object: %w", err)
		}
		raw, err := in.DecodeRaw()
		if err != nil {
			return nil, fmt.Errorf("decode attribute %s: %w", name, err)
		}
		if err := out.EncodeString(name); err != nil {
			return nil, fmt.Errorf("encode attribute %s: %w", name, err)
		}
		buffer.Write(other(name, raw))
	}
	return &tfprotov6.DynamicValue{MsgPack: buffer.Bytes()}, nil
}
