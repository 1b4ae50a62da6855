package provider

import (
	"regexp"

	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/mapvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/homelab-iac/terraform-provider-homelab/internal/engine/fleet"
)

// namePattern keeps "/" out: resources are imported as "node/name".
const namePattern = `^[A-Za-z0-9][A-Za-z0-9_.-]*$`

func providerSchema() schema.Schema {
	return schema.Schema{
		MarkdownDescription: "Declare a complete homelab, review every change as a plan, and let `terraform apply` converge it. " +
			"The provider talks to Docker engines through their API only: nothing is installed on a node.\n\n" +
			"One provider block serves every node, so `for_each` over nodes works without aliases. Connections are " +
			"never stored in state: a node may change its address and nothing is replaced. Nodes need Docker Engine 20.10 " +
			"(API 1.41) or newer.",
		Attributes: map[string]schema.Attribute{
			"nodes": nodesSchema(), "registries": registriesSchema(), "sops_files": sopsFilesSchema(),
			"when_offline":    whenOfflineSchema("Nodes can have their own. Defaults to `fail`."),
			"connect_timeout": connectTimeoutSchema("Nodes can have their own. Defaults to `" + fleet.DefaultConnectTimeout.String() + "`."),
		},
	}
}

func sopsFilesSchema() schema.Attribute {
	return schema.ListAttribute{
		MarkdownDescription: "Files encrypted with SOPS without whose keys nothing may be changed, as in `fileset(path.root, \"*.enc.yaml\")`. They are decrypted " +
			"before an apply creates, changes or removes the first thing, and an error ends it where one of them cannot be. Without this, an apply " +
			"that comes to a `homelab_sops_file` whose key is not there may have changed what does not depend on it. Planning needs no key. Destroying needs it: remove a file from the list if its key is lost.",
		ElementType: types.StringType,
		Optional:    true,
		Validators:  []validator.List{listvalidator.ValueStringsAre(stringvalidator.LengthAtLeast(1))},
	}
}

func nodesSchema() schema.Attribute {
	return schema.MapNestedAttribute{
		MarkdownDescription: "The nodes, by the names that resources use for them. A node is connected to when it is first " +
			"used. One whose address is known only at apply, such as a machine made in the same apply, is not an error at plan.\n\n" +
			"Without nodes there is one, `local`, found as the `docker` command finds it: `DOCKER_HOST` (with `DOCKER_TLS_VERIFY` " +
			"and `DOCKER_CERT_PATH`), else the current Docker context, else the default socket. `DOCKER_API_VERSION` is honored for every node.",
		Optional: true,
		Validators: []validator.Map{mapvalidator.KeysAre(stringvalidator.RegexMatches(regexp.MustCompile(namePattern),
			"a node's name starts with a letter or digit and has only letters, digits, \"_\", \".\" and \"-\"; rename the key in nodes"))},
		NestedObject: schema.NestedAttributeObject{
			Attributes: map[string]schema.Attribute{
				"host": schema.StringAttribute{
					MarkdownDescription: "Address of the Docker engine. Set this or `context`.\n\n" +
						"- `ssh://[user@]address[:port][/socket]`: through the `ssh` command of the machine that runs Terraform, with its " +
						"configuration, agent, known hosts and jump hosts. The socket is `/var/run/docker.sock` if not given; a rootless " +
						"engine's is `/run/user/<uid>/docker.sock`.\n" +
						"- `tcp://address[:port]`, together with `tls`. The port defaults to 2376. Without `tls` it is accepted to loopback " +
						"addresses only.\n" +
						"- `portainer+https://address[:port][/path]/endpoints/<id>`, together with `token`: through a Portainer's proxy.\n" +
						"- `unix:///var/run/docker.sock`: a socket on the machine that runs Terraform.",
					Optional: true,
				},
				"context": schema.StringAttribute{
					MarkdownDescription: "Name of a Docker context of the user that runs Terraform (`docker context ls`), in place of `host` and `tls`. " +
						"It is read when the node is first used.",
					Optional: true,
				},
				"host_key": schema.StringAttribute{
					MarkdownDescription: "Host key to expect of an `ssh://` node, as in its `/etc/ssh/ssh_host_ed25519_key.pub`; several go on lines of " +
						"their own. The user's known hosts are not used for this node then.",
					Optional: true,
				},
				"token": schema.StringAttribute{
					MarkdownDescription: "Access token for a `portainer+https://` node. It is sent to that Portainer and nowhere else.",
					Optional:            true,
					Sensitive:           true,
				},
				"tls":             tlsSchema(),
				"when_offline":    whenOfflineSchema("Defaults to the provider's."),
				"connect_timeout": connectTimeoutSchema("Defaults to the provider's."),
			},
		},
	}
}

func tlsSchema() schema.Attribute {
	return schema.SingleNestedAttribute{
		MarkdownDescription: "TLS for a `tcp://` or `portainer+https://` host. The other side's certificate is always verified; there is no way to switch that off. Each certificate is given as a " +
			"file's path or as PEM text, not both.",
		Optional: true,
		Attributes: map[string]schema.Attribute{
			"ca_file":   file("Path of the certificate authority that signed the engine's certificate. Without one, the authorities that the system trusts are used."),
			"cert_file": file("Path of the client certificate. Goes with a key."),
			"key_file":  file("Path of the client certificate's key."),
			"ca":        pem("The certificate authority, in place of `ca_file`.", false),
			"cert":      pem("The client certificate, in place of `cert_file`.", false),
			"key":       pem("The client certificate's key, in place of `key_file`.", true),
			"server_name": schema.StringAttribute{
				MarkdownDescription: "Name expected in the engine's certificate. Defaults to the host's.",
				Optional:            true,
			},
		},
	}
}

func file(description string) schema.Attribute {
	return schema.StringAttribute{
		MarkdownDescription: description + " Relative to where Terraform runs; read when the node is first used.",
		Optional:            true,
	}
}

func pem(description string, sensitive bool) schema.Attribute {
	return schema.StringAttribute{
		MarkdownDescription: description + " PEM text.",
		Optional:            true,
		Sensitive:           sensitive,
	}
}
