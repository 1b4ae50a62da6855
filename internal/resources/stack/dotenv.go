package stack

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/homelab-iac/terraform-provider-homelab/internal/compose"
)

// dotenv is the function provider::homelab::dotenv.
type dotenv struct{}

// NewDotenv returns the function dotenv.
func NewDotenv() function.Function { return dotenv{} }

// Metadata sets the name.
func (dotenv) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "dotenv"
}

// Definition sets parameter and result.
func (dotenv) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "Read the text of a .env file",
		MarkdownDescription: "Returns the variables of a `.env` file by name, for the `variables` of a `homelab_stack`. It reads quotes, comments, `export`, values of several lines and " +
			"`${NAME}` exactly as Docker Compose does, and accepts a byte-order mark and the line breaks of Windows.\n\n" +
			"The environment that Terraform runs in is not read, so the result is the one that Docker Compose has where no variable is set:\n\n" +
			"- `${NAME}` is the value from a line above, and empty where there is none. `${NAME:-default}` and `${NAME:?reason}` work.\n" +
			"- A line `NAME` without `=` sets nothing.\n" +
			"- A `$` that belongs to a value, as in a password, is written `$$`, or the value is in single quotes.\n\n" +
			"A text that cannot be read is an error that names the line and quotes nothing of it. Terraform itself may print an argument with an error: " +
			"`dotenv(file(path))` shows only the path; a text in a local value or variable should be `sensitive`. Of a sensitive text the complete result is sensitive. " +
			"`variables` are kept in state: pass passwords in `secrets`, which are not.",
		Parameters: []function.Parameter{
			function.StringParameter{Name: "text", MarkdownDescription: "Content of the file, such as `file(\"${path.module}/.env\")`."},
		},
		Return: function.MapReturn{ElementType: types.StringType},
	}
}

// Run reads the text.
func (dotenv) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var text string
	if resp.Error = req.Arguments.Get(ctx, &text); resp.Error != nil {
		return
	}
	variables, err := compose.Dotenv(text)
	if err != nil {
		resp.Error = function.NewArgumentFuncError(0, err.Error())
		return
	}
	resp.Error = resp.Result.Set(ctx, variables)
}
