package stack

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/homelab-iac/terraform-provider-homelab/internal/compose"
)

// stacks is the function provider::homelab::stacks.
type stacks struct{}

// NewStacks returns the function stacks.
func NewStacks() function.Function { return stacks{} }

// folder is one result.
type folder struct {
	Node         string   `tfsdk:"node"`
	Name         string   `tfsdk:"name"`
	Directory    string   `tfsdk:"directory"`
	ComposeFiles []string `tfsdk:"compose_files"`
	EnvFiles     []string `tfsdk:"env_files"`
}

var folderType = types.ObjectType{AttrTypes: map[string]attr.Type{
	"node": types.StringType, "name": types.StringType, "directory": types.StringType,
	"compose_files": types.ListType{ElemType: types.StringType}, "env_files": types.ListType{ElemType: types.StringType},
}}

// Metadata sets the name.
func (stacks) Metadata(_ context.Context, _ function.MetadataRequest, resp *function.MetadataResponse) {
	resp.Name = "stacks"
}

// Definition sets parameter and result.
func (stacks) Definition(_ context.Context, _ function.DefinitionRequest, resp *function.DefinitionResponse) {
	resp.Definition = function.Definition{
		Summary: "List the Compose projects of a repository",
		MarkdownDescription: "Returns the Compose projects in a directory that is laid out as `NODE/STACK/compose.yaml`, for one `for_each` that declares them all: " +
			"a new directory is a new stack, and a directory that is gone is a stack to be destroyed.\n\n" +
			"The result is a map. A key is `NODE/STACK`, which is the `id` of the stack, too. An element has:\n\n" +
			"- `node` and `name`: the names of the two directories.\n" +
			"- `directory`: the path of the project's directory, for `project_directory`.\n" +
			"- `compose_files`: the paths of the files that Docker Compose reads by itself there. The first is for `compose`, the rest for `overrides`. " +
			"It is the first there is of `compose.yaml`, `compose.yml`, `docker-compose.yml` and `docker-compose.yaml`, and then of `compose.override.yml`, " +
			"`compose.override.yaml`, `docker-compose.override.yml` and `docker-compose.override.yaml`.\n" +
			"- `env_files`: the path of `.env` where there is one, for the function `dotenv`; otherwise empty.\n\n" +
			"All paths begin with `path` as it was given. Directories without a Compose file and hidden directories are left out. " +
			"Symbolic links to directories are followed. An error names the path that it is about: a directory whose name a stack cannot have, " +
			"a link that leads to nothing, or projects that lie one directory too high.\n\n" +
			"Files are listed anew by each command. Terraform refuses to apply a saved plan after the directories changed.",
		Parameters: []function.Parameter{
			function.StringParameter{Name: "path", MarkdownDescription: "Directory where Terraform runs, such as `\"${path.module}/nodes\"`."},
		},
		Return: function.MapReturn{ElementType: folderType},
	}
}

// Run lists the directory.
func (stacks) Run(ctx context.Context, req function.RunRequest, resp *function.RunResponse) {
	var path string
	if resp.Error = req.Arguments.Get(ctx, &path); resp.Error != nil {
		return
	}
	found, err := compose.Folders(path)
	if err != nil {
		resp.Error = function.NewArgumentFuncError(0, err.Error())
		return
	}
	folders := map[string]folder{}
	for _, f := range found {
		env := []string{}
		if f.EnvFile != "" {
			env = append(env, f.EnvFile)
		}
		folders[f.Node+"/"+f.Name] = folder{f.Node, f.Name, f.Directory, f.Documents, env}
	}
	resp.Error = resp.Result.Set(ctx, folders)
}
