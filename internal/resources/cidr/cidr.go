// Package cidr has Terraform strings that are networks, addresses and ranges: any
// spelling of one value is equal to every other, and what is none is refused at the
// attribute. It does no I/O.
package cidr

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/attr/xattr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/homelab-iac/terraform-provider-homelab/internal/address"
)

var (
	_ basetypes.StringTypable                    = Type{}
	_ basetypes.StringValuableWithSemanticEquals = Value{}
	_ xattr.ValidateableAttribute                = Value{}
)

// Kind is what a string is read as.
type Kind int

// The kinds: 10.0.20.0/24, 10.0.20.1, and 10.0.20.100-10.0.20.199 or either of the
// others.
const (
	Prefix Kind = iota
	Address
	Range
)

// canonical reads text as the kind and spells it the one way.
func (k Kind) canonical(text string) (string, error) {
	switch k {
	case Address:
		addr, err := address.ParseAddr(text)
		return addr.String(), err
	case Range:
		r, err := address.ParseRange(text)
		if err != nil {
			return "", err
		}
		return r.String(), nil
	default:
		prefix, err := address.ParsePrefix(text)
		return prefix.String(), err
	}
}

// summary is the diagnostic's of a text that is not of the kind.
func (k Kind) summary() string {
	return [...]string{"Invalid CIDR", "Invalid address", "Invalid address range"}[k]
}

// Type is the Terraform type of strings of a kind.
type Type struct {
	basetypes.StringType
	Kind Kind
}

// Equal reports whether o is the same type.
func (t Type) Equal(o attr.Type) bool { other, ok := o.(Type); return ok && other.Kind == t.Kind }

// String names the type.
func (t Type) String() string { return fmt.Sprintf("cidr.Type(%d)", t.Kind) }

// ValueType returns the type's value.
func (t Type) ValueType(context.Context) attr.Value { return Value{kind: t.Kind} }

// ValueFromString makes a value of the type.
func (t Type) ValueFromString(_ context.Context, in basetypes.StringValue) (basetypes.StringValuable, diag.Diagnostics) {
	return Value{StringValue: in, kind: t.Kind}, nil
}

// ValueFromTerraform makes a value of what Terraform sent.
func (t Type) ValueFromTerraform(ctx context.Context, in tftypes.Value) (attr.Value, error) {
	value, err := t.StringType.ValueFromTerraform(ctx, in)
	if err != nil {
		return nil, err
	}
	text, ok := value.(basetypes.StringValue)
	if !ok {
		return nil, fmt.Errorf("read %s: unexpected %T", t, value)
	}
	return Value{StringValue: text, kind: t.Kind}, nil
}

// Value is one string of a kind.
type Value struct {
	basetypes.StringValue
	kind Kind
}

// New is the value of a text; an empty text is null.
func New(kind Kind, text string) Value {
	if text == "" {
		return Value{StringValue: basetypes.NewStringNull(), kind: kind}
	}
	return Value{StringValue: basetypes.NewStringValue(text), kind: kind}
}

// Type returns the value's type.
func (v Value) Type(context.Context) attr.Type { return Type{Kind: v.kind} }

// Equal reports whether o is the same string of the same kind.
func (v Value) Equal(o attr.Value) bool {
	other, ok := o.(Value)
	return ok && other.kind == v.kind && v.StringValue.Equal(other.StringValue)
}

// Canonical is the one spelling of the value; empty for null, unknown and what is
// none of the kind.
func (v Value) Canonical() string {
	if v.IsNull() || v.IsUnknown() {
		return ""
	}
	text, err := v.kind.canonical(v.ValueString())
	if err != nil {
		return ""
	}
	return text
}

// StringSemanticEquals reports whether both are spellings of one value.
func (v Value) StringSemanticEquals(_ context.Context, o basetypes.StringValuable) (bool, diag.Diagnostics) {
	other, ok := o.(Value)
	return ok && v.Canonical() != "" && v.Canonical() == other.Canonical(), nil
}

// ValidateAttribute refuses what is not of the kind.
func (v Value) ValidateAttribute(_ context.Context, req xattr.ValidateAttributeRequest, resp *xattr.ValidateAttributeResponse) {
	if v.IsNull() || v.IsUnknown() {
		return
	}
	if _, err := v.kind.canonical(v.ValueString()); err != nil {
		resp.Diagnostics.AddAttributeError(req.Path, v.kind.summary(), err.Error()+".")
	}
}

// IsFirstHost reports whether an address is the one that engines choose as gateway of
// a prefix: the first that a host may have.
func IsFirstHost(prefix, addr string) bool {
	p, err := address.ParsePrefix(prefix)
	if err != nil {
		return false
	}
	a, err := address.ParseAddr(addr)
	return err == nil && a == address.FirstHost(p)
}
