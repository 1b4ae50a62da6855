package converge

import (
	"errors"
	"strings"

	"github.com/homelab-iac/terraform-provider-homelab/internal/execute"
	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
)

// What the concepts need of the core's errors and plans.
type (
	// Error is how applying or destroying ended that could not be carried out.
	Error = execute.Error
	// Failure is one operation that failed.
	Failure = execute.Failure
	// Change is one thing that will differ afterwards.
	Change = plan.Change
	// Difference is why something differs.
	Difference = plan.Difference
	// Restarted is a service that is restarted for its state.
	Restarted = plan.Restarted
	// Problem is why a plan can't be carried out.
	Problem = plan.Problem
)

// Why a container did not arrive.
var (
	ErrTimeout   = execute.ErrTimeout
	ErrUnhealthy = execute.ErrUnhealthy
	ErrExited    = execute.ErrExited
)

// advice maps what engines say to what to do about it, the telling words before
// the vague ones. The texts are those of Docker Engine 20.10 to 29.
var advice = []struct {
	says string
	// of is the operation that the words are about; empty: any.
	of     plan.Kind
	advice string
}{
	{"port is already allocated", "", "A port that it publishes is taken on the node by something that is no container of this stack: publish another port, or free that one (ss -ltnp shows who has it)."},
	{"bind: address already in use", "", portTaken},
	{"failed to bind host port", "", portTaken},
	{"address already in use", "", addressTaken}, // in the address pool of a network
	{"executable file not found", "", "The command is not in the image: check command and entrypoint."},
	{"no such file or directory", "", "A path that it names does not exist there: check command, entrypoint, devices and bind mounts."},
	{"has active endpoints", "", "Containers outside the stack are still on the network: disconnect them first."},
	{"volume is in use", "", "A container outside the stack still uses the volume: remove that one first."},
	{"toomanyrequests", plan.PullImage, rateLimited},
	{"too many requests", plan.PullImage, rateLimited},
	{"rate limit", plan.PullImage, rateLimited},
	{"no matching manifest", plan.PullImage, "The image is not made for the node's platform: check which it has (data source homelab_image), or choose another tag."},
	{"dial tcp: lookup", plan.PullImage, "The image's registry can't be resolved from the node: check the image's spelling and the node's DNS."},
	{"connection refused", plan.PullImage, "The image's registry does not answer the node: check its address."},
	{"pull access denied", plan.PullImage, "There is no such image, or it needs credentials: check its spelling, or log in with docker login where Terraform runs, or set username and password under registries in the provider block."},
	{"no basic auth credentials", plan.PullImage, "The registry needs credentials: log in with docker login where Terraform runs, or set username and password under registries in the provider block."},
	{"unauthorized", plan.PullImage, "The registry does not accept the credentials: log in with docker login where Terraform runs, or set username and password under registries in the provider block."},
	{"manifest_unknown", plan.PullImage, notInRegistry},
	{"name_unknown", plan.PullImage, notInRegistry},
	{"manifest unknown", plan.PullImage, notInRegistry},
	{"not found", plan.PullImage, notInRegistry},
}

const notInRegistry = "The registry has no such image or tag: check the image's spelling and tag."

const portTaken = "A port that it publishes is taken on the node by a program outside Docker: publish another port, or free that one (ss -ltnp shows who has it)."

// addressTaken is about a fixed address (moby, libnetwork/ipamapi,
// ErrIPAlreadyAllocated).
const addressTaken = "A fixed address (ipv4_address, ipv6_address) is taken on its network by another container, the gateway or an auxiliary address: " +
	"choose another one (docker network inspect shows who has which)."

// rateLimited is about registries that answer no more for a while.
const rateLimited = "The registry limits how much is pulled: wait and apply again, log in, which many registries allow more, " +
	"or set a mirror under registries in the provider block."

// Advice says what to do about a failure, as far as the engine's words tell;
// empty otherwise.
func Advice(f *Failure) string {
	if errors.Is(f.Err, ErrTimeout) || errors.Is(f.Err, ErrUnhealthy) || errors.Is(f.Err, ErrExited) {
		return ""
	}
	text := strings.ToLower(f.Err.Error())
	for _, a := range advice {
		if strings.Contains(text, a.says) && (a.of == "" || a.of == f.Operation.Kind) {
			return a.advice
		}
	}
	return ""
}
