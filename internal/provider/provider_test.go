package provider_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	dsschema "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	homelab "github.com/homelab-iac/terraform-provider-homelab/internal/provider"
)

var (
	tlsType = tftypes.Object{AttributeTypes: map[string]tftypes.Type{
		"ca_file": tftypes.String, "cert_file": tftypes.String, "key_file": tftypes.String,
		"ca": tftypes.String, "cert": tftypes.String, "key": tftypes.String, "server_name": tftypes.String,
	}}
	nodeType = tftypes.Object{AttributeTypes: map[string]tftypes.Type{
		"host": tftypes.String, "context": tftypes.String, "tls": tlsType, "token": tftypes.String, "host_key": tftypes.String,
		"when_offline": tftypes.String, "connect_timeout": tftypes.String,
	}}
	nodesType = tftypes.Map{ElementType: nodeType}
)

func nodes(values map[string]tftypes.Value) tftypes.Value { return tftypes.NewValue(nodesType, values) }

func node(host any, tls tftypes.Value) tftypes.Value {
	return nodeWith(map[string]tftypes.Value{"host": tftypes.NewValue(tftypes.String, host), "tls": tls})
}

// nodeWith returns a node with the given attributes; the others are null.
func nodeWith(given map[string]tftypes.Value) tftypes.Value {
	values := map[string]tftypes.Value{}
	for name, kind := range nodeType.AttributeTypes {
		values[name] = tftypes.NewValue(kind, nil)
	}
	maps.Copy(values, given)
	return tftypes.NewValue(nodeType, values)
}

func plain(host any) tftypes.Value { return node(host, tftypes.NewValue(tlsType, nil)) }

func text(value string) tftypes.Value { return tftypes.NewValue(tftypes.String, value) }

// tls returns a tls value with the given attributes; the others are null.
func tls(given map[string]string) tftypes.Value {
	values := map[string]tftypes.Value{}
	for name := range tlsType.AttributeTypes {
		values[name] = tftypes.NewValue(tftypes.String, nil)
		if text, ok := given[name]; ok {
			values[name] = tftypes.NewValue(tftypes.String, text)
		}
	}
	return tftypes.NewValue(tlsType, values)
}

// config is a provider block with the given attributes; the others are null.
func config(t *testing.T, p provider.Provider, given map[string]tftypes.Value) tfsdk.Config {
	t.Helper()
	var s provider.SchemaResponse
	p.Schema(t.Context(), provider.SchemaRequest{}, &s)
	object := s.Schema.Type().TerraformType(t.Context()).(tftypes.Object)
	values := map[string]tftypes.Value{}
	for name, kind := range object.AttributeTypes {
		values[name] = tftypes.NewValue(kind, nil)
	}
	maps.Copy(values, given)
	return tfsdk.Config{Schema: s.Schema, Raw: tftypes.NewValue(object, values)}
}

func validate(t *testing.T, nodes tftypes.Value) diag.Diagnostics {
	t.Helper()
	return validateAll(t, map[string]tftypes.Value{"nodes": nodes})
}

func validateAll(t *testing.T, given map[string]tftypes.Value) diag.Diagnostics {
	t.Helper()
	p := homelab.New("test")()
	var resp provider.ValidateConfigResponse
	p.(provider.ProviderWithValidateConfig).ValidateConfig(t.Context(), provider.ValidateConfigRequest{Config: config(t, p, given)}, &resp)
	return resp.Diagnostics
}

func configure(t *testing.T, nodes tftypes.Value) provider.ConfigureResponse {
	t.Helper()
	return configureAll(t, map[string]tftypes.Value{"nodes": nodes})
}

func configureAll(t *testing.T, given map[string]tftypes.Value) provider.ConfigureResponse {
	t.Helper()
	p := homelab.New("test")()
	var resp provider.ConfigureResponse
	p.Configure(t.Context(), provider.ConfigureRequest{Config: config(t, p, given)}, &resp)
	return resp
}

func TestProvider_Protocol6_ServesValidSchemas(t *testing.T) {
	server, err := providerserver.NewProtocol6WithError(homelab.New("test")())()
	if err != nil {
		t.Fatal(err)
	}
	resp, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range resp.Diagnostics {
		t.Errorf("%s: %s", d.Summary, d.Detail)
	}
	if resp.DataSourceSchemas["homelab_node"] == nil {
		t.Error("homelab_node is not offered")
	}
}

func TestProvider_EverySchema_IsValidAndDescribed(t *testing.T) {
	p := homelab.New("test")()
	var s provider.SchemaResponse
	p.Schema(t.Context(), provider.SchemaRequest{}, &s)
	requireNone(t, s.Schema.ValidateImplementation(t.Context()))
	for _, offer := range p.DataSources(t.Context()) {
		var s datasource.SchemaResponse
		offer().Schema(t.Context(), datasource.SchemaRequest{}, &s)
		requireNone(t, s.Schema.ValidateImplementation(t.Context()))
		requireDescriptions(t, s.Schema)
	}
	for _, offer := range p.Resources(t.Context()) {
		var s resource.SchemaResponse
		offer().Schema(t.Context(), resource.SchemaRequest{}, &s)
		requireNone(t, s.Schema.ValidateImplementation(t.Context()))
	}
}

func requireDescriptions(t *testing.T, s dsschema.Schema) {
	t.Helper()
	for name, a := range s.Attributes {
		if a.GetMarkdownDescription() == "" {
			t.Errorf("%s has no description", name)
		}
	}
}

func requireNone(t *testing.T, diags diag.Diagnostics) {
	t.Helper()
	for _, d := range diags {
		t.Errorf("%s: %s", d.Summary(), d.Detail())
	}
}

func TestValidateConfig_UnusableNode_NamesTheAttribute(t *testing.T) {
	root := path.Root("nodes").AtMapKey("atlas")
	for name, tc := range map[string]struct {
		node tftypes.Value
		at   path.Path
		text string
	}{
		"bad scheme":   {plain("http://10.0.2.20"), root.AtName("host"), "Use ssh://, tcp:// (with tls)"},
		"ssh password": {plain("ssh://pi:x@10.0.2.10"), root.AtName("host"), "takes no password"},
		"no token":     {plain("portainer+https://p.lan/endpoints/3"), root.AtName("token"), "needs an access token"},
		"neither":      {nodeWith(nil), root.AtName("host"), "neither a host nor a context"},
		"host and context": {
			nodeWith(map[string]tftypes.Value{"host": text("unix:///a"), "context": text("lab")}), root.AtName("context"), "Keep one",
		},
		"host key": {
			nodeWith(map[string]tftypes.Value{"host": text("ssh://pi@a"), "host_key": text("AAAA")}), root.AtName("host_key"), "not a public key",
		},
		"plain tcp":               {plain("tcp://10.0.2.20:2375"), root.AtName("host"), "Set tls"},
		"tls with a socket":       {node("unix:///a", tls(nil)), root.AtName("tls"), "Remove tls"},
		"both file and PEM":       {node("tcp://a", tls(map[string]string{"ca": "x", "ca_file": "y"})), root.AtName("tls").AtName("ca"), "Keep one"},
		"certificate without key": {node("tcp://a", tls(map[string]string{"cert_file": "y"})), root.AtName("tls"), "key_file"},
	} {
		t.Run(name, func(t *testing.T) {
			diags := validate(t, nodes(map[string]tftypes.Value{"atlas": tc.node}))
			requireOne(t, diags, &tc.at, "Invalid node configuration", tc.text)
		})
	}
}

func TestValidateConfig_ManyBadNodes_AreReportedInOrder(t *testing.T) {
	wrong, null := map[string]tftypes.Value{}, map[string]tftypes.Value{}
	for i := range 20 {
		name := fmt.Sprintf("node%02d", i)
		wrong[name], null[name] = plain("http://10.0.2.20"), tftypes.NewValue(nodeType, nil)
	}
	for what, given := range map[string]map[string]tftypes.Value{"wrong": wrong, "null": null} {
		diags := validate(t, nodes(given))
		if len(diags) != len(given) {
			t.Fatalf("%s: got %d diagnostics, want %d", what, len(diags), len(given))
		}
		for i, d := range diags {
			if want := fmt.Sprintf("node%02d", i); !strings.Contains(d.Detail(), want) {
				t.Errorf("%s: diagnostic %d is %q, want the one of %s", what, i, d.Detail(), want)
			}
		}
	}
}

func TestValidateConfig_UnknownValues_AreQuiet(t *testing.T) {
	for name, value := range map[string]tftypes.Value{
		"nodes": tftypes.NewValue(nodesType, tftypes.UnknownValue),
		"node":  nodes(map[string]tftypes.Value{"atlas": tftypes.NewValue(nodeType, tftypes.UnknownValue)}),
		"host":  nodes(map[string]tftypes.Value{"atlas": plain(tftypes.UnknownValue)}),
		"tls":   nodes(map[string]tftypes.Value{"atlas": node("tcp://a", tftypes.NewValue(tlsType, tftypes.UnknownValue))}),
		"token": nodes(map[string]tftypes.Value{"atlas": nodeWith(map[string]tftypes.Value{
			"host": text("portainer+https://p.lan/endpoints/3"), "token": tftypes.NewValue(tftypes.String, tftypes.UnknownValue),
		})}),
	} {
		if diags := validate(t, value); len(diags) > 0 {
			t.Errorf("%s: %v", name, diags)
		}
		if diags := configure(t, value).Diagnostics; len(diags) > 0 {
			t.Errorf("configure %s: %v", name, diags)
		}
	}
}

// requireOne checks the only diagnostic; at is nil where no attribute is at fault.
func requireOne(t *testing.T, diags diag.Diagnostics, at *path.Path, summary, text string) {
	t.Helper()
	if len(diags) != 1 {
		t.Fatalf("got %d diagnostics, want 1: %v", len(diags), diags)
	}
	d := diags[0]
	if d.Summary() != summary || !strings.Contains(d.Detail(), text) {
		t.Errorf("got %q: %s", d.Summary(), d.Detail())
	}
	with, ok := d.(diag.DiagnosticWithPath)
	switch {
	case at == nil && ok:
		t.Errorf("blames %s", with.Path())
	case at != nil && (!ok || !with.Path().Equal(*at)):
		t.Errorf("does not blame %s: %v", at, d)
	}
}

const engineInfo = `{"ID":"AB:CD","Driver":"overlay2","CgroupVersion":"2","CgroupDriver":"systemd",
"OSType":"linux","OperatingSystem":"Debian GNU/Linux 12","Architecture":"aarch64","KernelVersion":"6.1.0","NCPU":4,"MemTotal":8589934592,
"Runtimes":{"runc":{},"nvidia":{}},"Labels":["room=attic","bare"],"SecurityOptions":["name=seccomp,profile=default","name=rootless"],
"Plugins":{"Volume":["local"],"Network":["macvlan","bridge"],"Log":["json-file"],"Authorization":null},
"DiscoveredDevices":[{"Source":"cdi","ID":"nvidia.com/gpu=0"}],"Swarm":{"LocalNodeState":"active","ControlAvailable":true}}`

func engine(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Api-Version", "1.47")
		w.Header().Set("Content-Type", "application/json")
		switch {
		case strings.HasSuffix(r.URL.Path, "/_ping"):
			fmt.Fprint(w, "OK")
		case r.URL.Path == "/v1.47/info":
			fmt.Fprint(w, engineInfo)
		case r.URL.Path == "/v1.47/version":
			fmt.Fprint(w, `{"Version":"27.3.1"}`)
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(s.Close)
	return "tcp://" + s.Listener.Addr().String()
}

// readNode reads homelab_node of that name; nil means no name.
func readNode(t *testing.T, nodes tftypes.Value, name any, deferral bool) datasource.ReadResponse {
	t.Helper()
	return readNodeConfigured(t, map[string]tftypes.Value{"nodes": nodes}, name, deferral)
}

// readNodeConfigured is readNode with a provider block of one's own.
func readNodeConfigured(t *testing.T, block map[string]tftypes.Value, name any, deferral bool) datasource.ReadResponse {
	t.Helper()
	configured := configureAll(t, block)
	requireNone(t, configured.Diagnostics)
	d := homelab.New("test")().DataSources(t.Context())[0]()
	var c datasource.ConfigureResponse
	d.(datasource.DataSourceWithConfigure).Configure(t.Context(), datasource.ConfigureRequest{ProviderData: configured.DataSourceData}, &c)
	requireNone(t, c.Diagnostics)
	var s datasource.SchemaResponse
	d.Schema(t.Context(), datasource.SchemaRequest{}, &s)
	object := s.Schema.Type().TerraformType(t.Context()).(tftypes.Object)
	values := map[string]tftypes.Value{}
	for attribute, kind := range object.AttributeTypes {
		values[attribute] = tftypes.NewValue(kind, nil)
	}
	values["name"] = tftypes.NewValue(tftypes.String, name)
	req := datasource.ReadRequest{
		Config:             tfsdk.Config{Schema: s.Schema, Raw: tftypes.NewValue(object, values)},
		ClientCapabilities: datasource.ReadClientCapabilities{DeferralAllowed: deferral},
	}
	resp := datasource.ReadResponse{State: tfsdk.State{Schema: s.Schema, Raw: tftypes.NewValue(object, nil)}}
	d.Read(t.Context(), req, &resp)
	return resp
}

func TestNodeDataSource_Engine_TellsItsFacts(t *testing.T) {
	resp := readNode(t, nodes(map[string]tftypes.Value{"local": plain(engine(t))}), nil, false)
	requireNone(t, resp.Diagnostics)
	got := resp.State.Raw.String()
	for _, want := range []string{
		`"name":tftypes.String<"local">`, `"id":tftypes.String<"local">`, `"engine_id":tftypes.String<"AB:CD">`, `"engine_version":tftypes.String<"27.3.1">`, `"api_version":tftypes.String<"1.47">`,
		`"memory_bytes":tftypes.Number<"8589934592">`, `"rootless":tftypes.Bool<"true">`, `"userns_remap":tftypes.Bool<"false">`,
		`"swarm_role":tftypes.String<"manager">`, `"room":tftypes.String<"attic">`, `"bare":tftypes.String<"">`,
		`"runtimes":tftypes.List[tftypes.String]<tftypes.String<"nvidia">, tftypes.String<"runc">>`,
		`"network":tftypes.List[tftypes.String]<tftypes.String<"bridge">, tftypes.String<"macvlan">>`,
		`"authorization":tftypes.List[tftypes.String]<>`, `tftypes.String<"nvidia.com/gpu=0">`, `"gpus":tftypes.List[tftypes.String]<tftypes.String<"nvidia">>`,
		`"root_uid":tftypes.Number<null>`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("state lacks %s:\n%s", want, got)
		}
	}
}

func TestNodeDataSource_UnknownName_BlamesTheName(t *testing.T) {
	resp := readNode(t, nodes(map[string]tftypes.Value{"atlas": plain(engine(t))}), "helios", false)
	at := path.Root("name")
	requireOne(t, resp.Diagnostics, &at, "Unknown node", `Known nodes: "atlas"`)
}

func TestNodeDataSource_NodeAway_SaysWhy(t *testing.T) {
	resp := readNode(t, nodes(map[string]tftypes.Value{"atlas": plain("unix:///nonexistent/docker.sock")}), "atlas", false)
	requireOne(t, resp.Diagnostics, nil, "Unable to reach node", "there is no socket")
}

func TestNodeDataSource_HostKnownAtApply_SaysHowToDefer(t *testing.T) {
	unknown := nodes(map[string]tftypes.Value{"atlas": plain(tftypes.UnknownValue)})
	at := path.Root("name")
	requireOne(t, readNode(t, unknown, "atlas", false).Diagnostics, &at, "Node not known until apply", "depends_on")
	resp := readNode(t, unknown, "atlas", true)
	requireNone(t, resp.Diagnostics)
	if resp.Deferred == nil {
		t.Error("not deferred where Terraform allows it")
	}
}
