package pki

import (
	"cmp"
	"fmt"
	"maps"
	"net"
	"slices"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/homelab-iac/terraform-provider-homelab/internal/certificate"
	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

// model is the ephemeral resource as Terraform holds it.
type model struct {
	Seed         types.String         `tfsdk:"seed"`
	Name         types.String         `tfsdk:"name"`
	NotBefore    types.String         `tfsdk:"not_before"`
	Years        types.Int64          `tfsdk:"years"`
	Certificates map[string]certModel `tfsdk:"certificates"`
	Root         types.String         `tfsdk:"root"`
	Intermediate types.String         `tfsdk:"intermediate"`
	Chains       types.Map            `tfsdk:"chains"`
	Keys         types.Map            `tfsdk:"keys"`
	Secrets      types.Map            `tfsdk:"secrets"`
}

type certModel struct {
	Profile     types.String `tfsdk:"profile"`
	CommonName  types.String `tfsdk:"common_name"`
	DNSNames    []string     `tfsdk:"dns_names"`
	IPAddresses []string     `tfsdk:"ip_addresses"`
	NotBefore   types.String `tfsdk:"not_before"`
	Days        types.Int64  `tfsdk:"days"`
}

// authority is what is asked of the authority.
func (m *model) authority() (certificate.Authority, error) {
	from, err := time.Parse(time.DateOnly, m.NotBefore.ValueString())
	return certificate.Authority{Name: m.Name.ValueString(), NotBefore: from,
		NotAfter: from.AddDate(int(cmp.Or(m.Years.ValueInt64(), defaultYears)), 0, 0)}, err
}

// request is what is asked of one certificate.
func (c certModel) request(name string, a certificate.Authority) (certificate.Request, error) {
	r := certificate.Request{Profile: certificate.Profile(c.Profile.ValueString()), CommonName: cmp.Or(c.CommonName.ValueString(), name),
		DNSNames: c.DNSNames, NotBefore: a.NotBefore}
	if day := c.NotBefore.ValueString(); day != "" {
		from, err := time.Parse(time.DateOnly, day)
		if err != nil {
			return r, fmt.Errorf("not_before is not a day: %s", day)
		}
		r.NotBefore = from
	}
	r.NotAfter = r.NotBefore.AddDate(0, 0, int(cmp.Or(c.Days.ValueInt64(), defaultDays)))
	for _, text := range c.IPAddresses {
		address := net.ParseIP(text)
		if address == nil {
			return r, fmt.Errorf("%q in ip_addresses is not an address", text)
		}
		r.Addresses = append(r.Addresses, address)
	}
	if r.Profile != certificate.Client && len(r.DNSNames)+len(r.Addresses) == 0 {
		return r, fmt.Errorf("a %s needs dns_names or ip_addresses: clients do not check its common name", r.Profile)
	}
	return r, nil
}

// withhold leaves everything for the apply, where the seed is decrypted.
func (m *model) withhold() diag.Diagnostics {
	m.Root, m.Intermediate = types.StringValue(desired.Withhold("root")), types.StringValue(desired.Withhold("intermediate"))
	chains, keys := map[string]string{}, map[string]string{}
	for name := range m.Certificates {
		chains[name], keys[name] = desired.Withhold(name), desired.Withhold(name)
	}
	return m.put(chains, keys)
}

func (m *model) put(chains, keys map[string]string) diag.Diagnostics {
	all := map[string]string{"ca": m.Root.ValueString()}
	for name := range chains {
		all[name+"_cert"], all[name+"_key"] = chains[name], keys[name]
	}
	var diags, more, last diag.Diagnostics
	m.Chains, diags = texts(chains)
	m.Keys, more = texts(keys)
	m.Secrets, last = texts(all)
	return append(append(diags, more...), last...)
}

func texts(values map[string]string) (types.Map, diag.Diagnostics) {
	elements := map[string]attr.Value{}
	for name, value := range values {
		elements[name] = types.StringValue(value)
	}
	return types.MapValue(types.StringType, elements)
}

// fill issues everything. now is for the warning of what expires.
func (m *model) fill(now time.Time) diag.Diagnostics {
	var diags diag.Diagnostics
	authority, err := m.authority()
	if err != nil {
		diags.AddAttributeError(path.Root("not_before"), invalid, "There is no such day. Write one as 2026-01-31.")
		return diags
	}
	issuer, err := certificate.New([]byte(m.Seed.ValueString()), authority)
	if err != nil {
		diags.AddAttributeError(path.Root("seed"), invalid, fmt.Sprintf("A seed needs at least %d characters, random ones: openssl rand -hex 32 gives some.", certificate.MinSeedBytes))
		return diags
	}
	m.Root, m.Intermediate = types.StringValue(issuer.Root()), types.StringValue(issuer.Intermediate())
	chains, keys := map[string]string{}, map[string]string{}
	diags.Append(expiry(path.Root("not_before"), "The authority "+authority.Name, authority.NotAfter, now)...)
	for _, name := range slices.Sorted(maps.Keys(m.Certificates)) {
		at := path.Root("certificates").AtMapKey(name)
		request, err := m.Certificates[name].request(name, authority)
		var issued certificate.Issued
		if err == nil {
			issued, err = issuer.Issue(name, request)
		}
		if err != nil {
			diags.AddAttributeError(at, invalid, fmt.Sprintf("The certificate %q cannot be issued: %v.", name, err))
			continue
		}
		chains[name], keys[name] = issued.Chain, issued.Key
		diags.Append(expiry(at, fmt.Sprintf("The certificate %q", name), request.NotAfter, now)...)
	}
	return append(diags, m.put(chains, keys)...)
}

// soon is how long before it expires a certificate is warned of.
const soon = 30 * 24 * time.Hour

const invalid = "Invalid certificate"

func expiry(at path.Path, what string, notAfter, now time.Time) diag.Diagnostics {
	end, verb := notAfter.Format(time.DateOnly), "expires"
	switch {
	case now.After(notAfter):
		verb = "expired"
	case now.Before(notAfter.Add(-soon)):
		return nil
	}
	return diag.Diagnostics{diag.NewAttributeWarningDiagnostic(at, "Certificate "+verb, fmt.Sprintf("%s %s on %s. Set a later not_before to renew it; what uses it is recreated.", what, verb, end))}
}
