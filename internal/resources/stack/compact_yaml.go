package stack

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/function"

	"github.com/homelab-iac/terraform-provider-homelab/internal/compose"
)

// compactYAML is the function provider::homelab::compact_yaml.
type compactYAML struct{}

// NewCompactYAML returns the function compact_yaml.
func NewCompactYAML() function.Function { return compactYAML{} }

// Metadata sets the name.
func (compactYAML) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "compact_yaml"
}

// Definition sets parameter and result.
func (compactYAML) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "Write a YAML document in fewer lines",
		MarkdownDescription: "Writes what `yamlencode` wrote in about half as many lines, with the same meaning: a list or a mapping that fits on a line is on one, " +
			"and a text of several lines is shown as it is. Use it for the `compose` of a `homelab_stack` that is made of values, since a plan shows the complete document.",
		Parameters: []function.Parameter{
			function.StringParameter{Name: "document", MarkdownDescription: "One YAML document, a mapping from keys to values. Comments are lost."},
		},
		Return: function.StringReturn{},
	}
}

// Run writes the document.
func (compactYAML) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var document string
	if resp.Error = req.Arguments.Get(ctx, &document); resp.Error != nil {
		return
	}
	text, err := compose.Compact(document)
	if err != nil {
		resp.Error = function.NewArgumentFuncError(0, err.Error())
		return
	}
	resp.Error = resp.Result.Set(ctx, text)
}
