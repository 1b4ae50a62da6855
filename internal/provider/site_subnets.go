package provider

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"net/netip"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/homelab-iac/terraform-provider-homelab/internal/address"
)

// siteSubnets is the function provider::homelab::site_subnets.
type siteSubnets struct{}

// newSiteSubnets returns the function.
func newSiteSubnets() function.Function { return siteSubnets{} }

// plannedSubnet is the type of one result.
var plannedSubnet = types.ObjectType{AttrTypes: map[string]attr.Type{
	"vlan_id": types.Int64Type, "cidr": types.StringType, "gateway": types.StringType,
}}

// Metadata sets the name.
func (siteSubnets) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "site_subnets"
}

// Definition sets parameters and result.
func (siteSubnets) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "Carve a site's prefix into VLAN subnets that never move",
		MarkdownDescription: "Gives each VLAN a subnet of the site: VLAN 20 of `10.0.0.0/16` is `10.0.20.0/24`. Where one lies follows from its own VLAN id alone, " +
			"so adding, removing or reordering others never moves it. Two that want the same place (VLAN 20 and 276 do, in a /16) are an error that names a free prefix: " +
			"write it as the newer one's `cidr`.\n\n" +
			"A site is divided into slots of /24, or /64 in IPv6; a site too small for sixteen of them, into sixteen. VLAN n lies in slot n, counted around.\n\n" +
			"The result is a map from the same names to `vlan_id`, `cidr` and `gateway`, the first address that a host may have.",
		Parameters: []function.Parameter{
			function.StringParameter{Name: "site", MarkdownDescription: "Prefix of the complete site, IPv4 or IPv6."},
			function.DynamicParameter{Name: "subnets", MarkdownDescription: "By name, a VLAN id, or an object with `vlan_id` and either `prefix_length` or `cidr`: " +
				"`{ servers = 20, cameras = { vlan_id = 30, prefix_length = 26 }, guests = { vlan_id = 276, cidr = \"10.0.1.0/24\" } }`."},
		},
		Return: function.MapReturn{ElementType: plannedSubnet},
	}
}

// Run plans the site.
func (siteSubnets) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var text string
	var given types.Dynamic
	if resp.Error = req.Arguments.Get(ctx, &text, &given); resp.Error != nil {
		return
	}
	prefix, err := address.ParsePrefix(text)
	if err != nil {
		resp.Error = function.NewArgumentFuncError(0, err.Error())
		return
	}
	requests, err := subnetRequests(given)
	if err != nil {
		resp.Error = function.NewArgumentFuncError(1, err.Error())
		return
	}
	placed, err := address.Site{Prefix: prefix}.Carve(requests)
	if err != nil {
		var problem *address.Problem
		at := int64(0)
		if errors.As(err, &problem) {
			at = 1
		}
		resp.Error = function.NewArgumentFuncError(at, err.Error())
		return
	}
	resp.Error = resp.Result.Set(ctx, subnetResults(requests, placed))
}

func subnetResults(requests []address.Request, placed map[string]netip.Prefix) types.Map {
	values := map[string]attr.Value{}
	for _, r := range requests {
		values[r.Name] = types.ObjectValueMust(plannedSubnet.AttrTypes, map[string]attr.Value{
			"vlan_id": types.Int64Value(int64(r.VLAN)), "cidr": types.StringValue(placed[r.Name].String()),
			"gateway": types.StringValue(address.FirstHost(placed[r.Name]).String()),
		})
	}
	return types.MapValueMust(plannedSubnet, values)
}

// subnetRequests reads a map or an object of numbers and objects.
func subnetRequests(given types.Dynamic) ([]address.Request, error) {
	elements, err := entries(given.UnderlyingValue())
	if err != nil {
		return nil, errors.New("subnets is a map from names to VLAN ids or objects")
	}
	var out []address.Request
	for _, name := range slices.Sorted(maps.Keys(elements)) {
		r := address.Request{Name: name}
		if fields, err := entries(elements[name]); err == nil {
			if err := readRequest(&r, fields); err != nil {
				return nil, fmt.Errorf("%q: %w", name, err)
			}
		} else if r.VLAN, err = integer(elements[name]); err != nil {
			return nil, fmt.Errorf("%q is a VLAN id or an object with one: %w", name, err)
		}
		out = append(out, r)
	}
	return out, nil
}

// entries are the elements of a map or the attributes of an object.
func entries(value attr.Value) (map[string]attr.Value, error) {
	switch v := value.(type) {
	case types.Dynamic:
		return entries(v.UnderlyingValue())
	case types.Map:
		return v.Elements(), nil
	case types.Object:
		return v.Attributes(), nil
	default:
		return nil, errors.New("is not a map")
	}
}

// readRequest reads an object's attributes.
func readRequest(r *address.Request, fields map[string]attr.Value) (err error) {
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		value := fields[name]
		if value.IsNull() {
			continue
		}
		switch name {
		case "vlan_id":
			r.VLAN, err = integer(value)
		case "prefix_length":
			if r.Bits, err = integer(value); err == nil && r.Bits < 1 {
				err = errors.New("is less than 1")
			}
		case "cidr":
			text, ok := value.(types.String)
			if !ok {
				return errors.New("cidr is not text")
			}
			r.Pinned, err = address.ParsePrefix(text.ValueString())
		default:
			return fmt.Errorf("there is no %s: it has vlan_id, prefix_length and cidr", name)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// integer reads an integer, also one that is written as text, as Terraform makes
// it when it unifies a map's elements.
func integer(value attr.Value) (int, error) {
	number := new(big.Float)
	switch v := value.(type) {
	case types.Dynamic:
		return integer(v.UnderlyingValue())
	case types.Number:
		number = v.ValueBigFloat()
	case types.String:
		if _, ok := number.SetString(v.ValueString()); !ok {
			return 0, fmt.Errorf("%q is not a number", v.ValueString())
		}
	default:
		return 0, errors.New("is not a number")
	}
	if n, accuracy := number.Int64(); accuracy == big.Exact && n == int64(int(n)) {
		return int(n), nil
	}
	return 0, fmt.Errorf("%s is not an integer", number.Text('g', -1))
}
