package check

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
)

// Pull is an image that a plan pulls, and the service that it is pulled for.
type Pull struct {
	Service, Reference string
	// Platform is the one that the service asks for; empty means the engine's.
	Platform string
}

// Offer is for which platforms an image's registry has it.
type Offer struct {
	Platforms []string // "os/arch[/variant]"
	// Single reports that it has one image only, and no index to choose from: the
	// engine pulls that, whatever it is for.
	Single bool
}

// Platforms compares what registries have with what a node runs. It says nothing of an
// image without an offer. An index without the platform is certain to be refused;
// an image for another one may run by emulation.
func Platforms(pulls []Pull, stack, node string, facts observed.Facts, offers map[string]*Offer) (problems []Problem, warnings []string) {
	for _, pull := range pulls {
		offer := offers[pull.Reference]
		if offer == nil {
			continue
		}
		wanted := pull.Platform
		if wanted == "" {
			wanted = nodePlatform(facts)
		}
		if wanted == "" || len(offer.Platforms) == 0 || slices.ContainsFunc(offer.Platforms, func(has string) bool { return runs(wanted, has) }) {
			continue
		}
		needs := fmt.Sprintf("node %q is %s", node, wanted)
		if pull.Platform != "" {
			needs = fmt.Sprintf("the service's platform is %s", wanted)
		}
		text := fmt.Sprintf("Image %q of service %q of stack %q is made for %s, and %s. ", pull.Reference, pull.Service, stack, strings.Join(offer.Platforms, ", "), needs)
		if offer.Single {
			warnings = append(warnings, text+"It runs only where the node emulates that platform. Choose another tag or image, or set platform to say that this is meant.")
			continue
		}
		problems = append(problems, Problem{Attribute: "compose", Detail: text + "Choose another tag or image, or run the service on another node."})
	}
	return problems, warnings
}

// nodePlatform is "os/arch[/variant]" of the images that the engine pulls; empty
// where that is not known. A 32-bit engine on a 64-bit kernel pulls for 32 bits.
func nodePlatform(facts observed.Facts) string {
	arch := facts.EngineArchitecture
	if facts.OS == "" || arch == "" {
		return ""
	}
	if arch != "arm" {
		return facts.OS + "/" + arch
	}
	if variant, ok := strings.CutPrefix(facts.Architecture, "armv"); ok { // armv6l, armv7l: the kernel's name
		return facts.OS + "/arm/v" + strings.TrimRight(variant, "abcdefghijklmnopqrstuvwxyz")
	}
	return facts.OS + "/arm/v8"
}

// runs reports whether an engine for one platform takes images for another, as
// containerd's platform matcher does (containerd/platforms, Only): amd64 runs
// 386, arm64 runs 32-bit arm, and each runs the lesser variants.
func runs(wanted, has string) bool {
	want, offered := splitPlatform(wanted), splitPlatform(has)
	switch {
	case want.os != offered.os:
		return false
	case want.arch == offered.arch && want.arch != "arm":
		return want.arch != "amd64" || want.variant == 0 || offered.variant <= want.variant
	case want.arch == "amd64":
		return offered.arch == "386"
	case offered.arch == "arm" && want.arch == "arm64":
		return true
	case offered.arch == "arm" && want.arch == "arm":
		return want.variant == 0 || offered.variant <= want.variant
	default:
		return false
	}
}

type platform struct {
	os, arch string
	variant  int // 0: none, or one that is not a number
}

// splitPlatform reads "os/arch[/variant]". Without a variant arm means v7, as it
// does to engines.
func splitPlatform(text string) platform {
	parts := strings.SplitN(text+"//", "/", 4)
	p := platform{os: parts[0], arch: parts[1]}
	p.variant, _ = strconv.Atoi(strings.TrimPrefix(parts[2], "v"))
	if p.arch == "arm" && p.variant == 0 {
		p.variant = 7
	}
	switch p.arch { // what uname and people call them
	case "x86_64":
		p.arch = "amd64"
	case "aarch64":
		p.arch = "arm64"
	case "i386", "i686":
		p.arch = "386"
	}
	return p
}
