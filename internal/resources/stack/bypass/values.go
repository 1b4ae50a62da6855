package bypass

import "context"

// Values are the attributes that bypass the framework in one call: in MessagePack,
// as Terraform's protocol has them, by name.
type Values struct {
	// Prior is what the state has. It is empty where there is no state.
	Prior map[string][]byte
	// Planned is what is planned, or in a plan what Terraform proposes. It is
	// empty for a destroy, and in a read.
	Planned map[string][]byte

	answer map[string][]byte
}

// Answer says what the attributes are from now on. Without an answer they stay as
// the state has them.
func (v *Values) Answer(attributes map[string][]byte) { v.answer = attributes }

// null is MessagePack's.
var null = []byte{0xc0}

// isNull reports whether an encoded value is null.
func isNull(raw []byte) bool { return len(raw) == 1 && raw[0] == null[0] }

// final is what an attribute is in the response, in which the framework left its
// own word: null for what it did not see, or unknown for what it cannot tell.
func (v *Values) final(name string, own []byte) []byte {
	if raw, ok := v.answer[name]; ok {
		return raw
	}
	if raw, ok := v.Prior[name]; ok && isNull(own) {
		return raw
	}
	return own
}

type key struct{}

func with(ctx context.Context, v *Values) context.Context { return context.WithValue(ctx, key{}, v) }

// From returns the values of the call that ctx belongs to. It panics where no [Server]
// is in front of the framework: the values would be empty, and the answers lost.
func From(ctx context.Context) *Values {
	v, ok := ctx.Value(key{}).(*Values)
	if !ok {
		panic("bypass: no Server is in front of the plugin framework, so state would lose what the node has; this is a bug in the provider")
	}
	return v
}
