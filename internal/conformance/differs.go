package conformance

// Differs says of keys in what way what comes of them is not what Docker Compose
// makes of them, and why. Everything else that is supported is the same.
var Differs = map[string]string{
	"services.*.configs":        "delivered in a read-only volume; Docker Compose binds a file of its own machine, or copies the content into the container",
	"services.*.secrets":        "delivered in a read-only volume; Docker Compose binds a file of its own machine, or copies the value into the container",
	"services.*.volumes":        "a relative source is delivered in a read-only volume; Docker Compose binds the path of its own machine. Everything else is the same",
	"services.*.use_api_socket": "the engine's socket, without the credentials of whoever runs Terraform",
	"services.*.env_file":       "the same, and read where Terraform runs",
	"name":                      "the project is called what the resource's `name` says",
}
