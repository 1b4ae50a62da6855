package provider

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/homelab-iac/terraform-provider-homelab/internal/engine/registry"
)

type registryModel struct {
	Mirror   types.String `tfsdk:"mirror"`
	Username types.String `tfsdk:"username"`
	Password types.String `tfsdk:"password"`
}

func registriesSchema() schema.Attribute {
	return schema.MapNestedAttribute{
		MarkdownDescription: "Image registries, by host and optional port as in image references; `docker.io` is Docker Hub. For those that " +
			"are not listed, and for what an entry leaves out, the Docker configuration where Terraform runs is used (`docker login`, " +
			"credential helpers). Nothing of it is stored in state.",
		Optional: true,
		NestedObject: schema.NestedAttributeObject{
			Attributes: map[string]schema.Attribute{
				"mirror": schema.StringAttribute{
					MarkdownDescription: "Where the registry's images are asked for first, `host[:port][/path]`: with `registry.lan/docker`, " +
						"`nginx:1` is pulled as `registry.lan/docker/library/nginx:1`. On the node and in plans the image keeps the name that " +
						"the stack gives it. If the mirror does not answer, refuses or lacks the image, the registry itself is asked, as " +
						"Docker does with its own mirrors. A reference with a digest gets its layers from the mirror and its name from the " +
						"registry, for engines allow no other way. The mirror's own credentials are set under its own host.",
					Optional: true,
				},
				"username": schema.StringAttribute{
					MarkdownDescription: "User name for this registry, not for its mirror. Goes with `password`.",
					Optional:            true,
				},
				"password": schema.StringAttribute{
					MarkdownDescription: "Password or access token for this registry. Sent to the registry, and to the node that pulls from it.",
					Optional:            true,
					Sensitive:           true,
				},
			},
		},
	}
}

// registries returns the settings by registry. An entry with any unknown value is
// marked as unknown, and so is every registry's while the map itself is: nothing
// is asked with half the settings.
func (m model) registries(ctx context.Context) (settings map[string]registry.Settings, unknown bool, diags diag.Diagnostics) {
	if m.Registries.IsUnknown() {
		return nil, true, nil
	}
	objects := map[string]types.Object{}
	diags = m.Registries.ElementsAs(ctx, &objects, false)
	settings = make(map[string]registry.Settings, len(objects))
	for _, host := range slices.Sorted(maps.Keys(objects)) {
		object := objects[host]
		if object.IsUnknown() {
			settings[host] = registry.Settings{Unknown: true}
			continue
		}
		if object.IsNull() {
			diags.AddAttributeError(path.Root("registries").AtMapKey(host), invalidRegistry,
				fmt.Sprintf("Registry %q is null. Give it a mirror or credentials, or leave it out of the map.", host))
			continue
		}
		var r registryModel
		diags.Append(object.As(ctx, &r, basetypes.ObjectAsOptions{})...)
		settings[host] = registry.Settings{
			Mirror: r.Mirror.ValueString(), Username: r.Username.ValueString(), Password: r.Password.ValueString(),
			Unknown: r.Mirror.IsUnknown() || r.Username.IsUnknown() || r.Password.IsUnknown(),
		}
	}
	return settings, false, diags
}

// resolver asks the configured registries. Values that were unknown when the
// configuration was validated are checked here.
func (m model) resolver(ctx context.Context, agent string) (*registry.Resolver, diag.Diagnostics) {
	settings, unknown, diags := m.registries(ctx)
	diags.Append(checkRegistries(settings)...)
	options := []registry.Option{registry.WithUserAgent(agent), registry.WithSettings(settings)}
	if unknown {
		options = append(options, registry.WithSettingsUnknown())
	}
	return registry.New(options...), diags
}

const invalidRegistry = "Invalid registry configuration"

// checkRegistries reports settings that can never work, each at its attribute.
func checkRegistries(settings map[string]registry.Settings) diag.Diagnostics {
	var diags diag.Diagnostics
	for _, host := range slices.Sorted(maps.Keys(settings)) {
		var fault *registry.SettingsError
		if err := registry.Check(host, settings[host]); !errors.As(err, &fault) {
			continue
		}
		at := path.Root("registries").AtMapKey(host)
		if fault.Attribute != "" {
			at = at.AtName(fault.Attribute)
		}
		diags.AddAttributeError(at, invalidRegistry, fault.Detail)
	}
	return append(diags, checkTwice(settings)...)
}

// checkTwice reports a registry that is listed under two of its names.
func checkTwice(settings map[string]registry.Settings) diag.Diagnostics {
	var diags diag.Diagnostics
	first := map[string]string{}
	for _, host := range slices.Sorted(maps.Keys(settings)) {
		name := registry.CanonicalHost(host)
		if other, listed := first[name]; listed {
			diags.AddAttributeError(path.Root("registries").AtMapKey(host), invalidRegistry,
				fmt.Sprintf("%q and %q are the same registry. Keep one of them.", other, host))
		}
		first[name] = host
	}
	return diags
}
