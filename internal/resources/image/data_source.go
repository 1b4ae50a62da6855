// Package image is the Terraform concept of an image in a registry.
package image

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/homelab-iac/terraform-provider-homelab/internal/core"
	"github.com/homelab-iac/terraform-provider-homelab/internal/engine/registry"
	"github.com/homelab-iac/terraform-provider-homelab/internal/resources/concept"
)

var (
	_ datasource.DataSource              = (*dataSource)(nil)
	_ datasource.DataSourceWithConfigure = (*dataSource)(nil)
)

// Registry answers questions about images; the provider hands it to Configure.
type Registry interface {
	// Image describes an image, and its part for a platform; empty means none in
	// particular. Errors are *registry.Error, except for ctx's own.
	Image(ctx context.Context, ref, platform string) (core.Image, error)
}

// NewDataSource returns the data source homelab_image.
func NewDataSource() datasource.DataSource { return &dataSource{} }

type dataSource struct{ registry Registry }

// Metadata sets the type name.
func (d *dataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_image"
}

// Schema sets the schema.
func (d *dataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = dataSourceSchema()
}

// Configure takes the provider's registries; it is also called without, before
// the provider is configured.
func (d *dataSource) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	resp.Diagnostics.Append(concept.Provided("homelab_image", req.ProviderData, &d.registry)...)
}

// Read asks the registry.
func (d *dataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var config model
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	img, err := d.registry.Image(ctx, config.Name.ValueString(), config.Platform.ValueString())
	var later interface{ UnknownUntilApply() bool }
	if errors.As(err, &later) && later.UnknownUntilApply() && req.ClientCapabilities.DeferralAllowed {
		resp.Deferred = &datasource.Deferred{Reason: datasource.DeferredReasonProviderConfigUnknown}
		return
	}
	if err != nil {
		resp.Diagnostics.Append(diagnostic(config.Name.ValueString(), err))
		return
	}
	resp.Diagnostics.Append(config.fill(ctx, img)...)
	resp.Diagnostics.Append(resp.State.Set(ctx, &config)...)
}

// summaries are the headings of diagnostics by kind of error.
var summaries = []struct {
	kind    error
	summary string
	at      string // the attribute at fault, if it is one
}{
	{registry.ErrInvalidReference, "Invalid image reference", "name"},
	{registry.ErrNotFound, "Image not found", "name"},
	{registry.ErrNoPlatform, "Image not made for platform", "platform"},
	{registry.ErrDenied, "Access to image denied", ""},
	{registry.ErrRateLimited, "Too many requests to registry", ""},
	{registry.ErrUnknownUntilApply, "Registry not known until apply", ""},
	{registry.ErrUnreachable, "Unable to reach registry", ""},
}

// diagnostic gives each kind of failure its own heading, and blames the attribute
// where one is at fault.
func diagnostic(name string, err error) diag.Diagnostic {
	var told *registry.Error
	if !errors.As(err, &told) {
		return diag.NewErrorDiagnostic("Unable to read image", fmt.Sprintf("Image %q: %v.", name, err))
	}
	detail := told.Detail()
	if told.UnknownUntilApply() {
		detail += " Add depends_on with what they come from to this data source: it is then read during apply."
	}
	for _, s := range summaries {
		switch {
		case !errors.Is(told.Kind, s.kind):
		case s.at != "":
			return diag.NewAttributeErrorDiagnostic(path.Root(s.at), s.summary, detail)
		default:
			return diag.NewErrorDiagnostic(s.summary, detail)
		}
	}
	return diag.NewErrorDiagnostic(told.Summary(), told.Detail())
}
