package house_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// rule is one thing the house forbids. broken returns one message per offence,
// each starting with the place.
type rule struct {
	name   string
	reason string
	broken func(files []file) []string
}

const (
	framework   = "github.com/hashicorp/terraform-plugin-framework"
	composeGo   = "github.com/compose-spec/compose-go"
	client      = "github.com/docker/docker/client"
	sopsLibrary = "github.com/getsops/sops"
	wireTypes   = "github.com/docker/docker/api/types"
	maxLines    = 400
	freeInside  = 1 // packages a concept may import besides core and desired
)

// clock are the names in package time that read or wait for the time.
var clock = []string{
	"Now", "Since", "Until", "Sleep", "After", "AfterFunc",
	"Tick", "NewTicker", "NewTimer",
}

var rules = []rule{
	onlyIn("compose-go", composeGo, []string{"compose"},
		"the Compose model changes with every release; one package keeps up with it"),
	onlyIn("docker client", client, []string{"fleet", "lab", "enginetest"},
		"everything else talks to a node through a narrow interface that a test can stand in for; the lab drives engines by itself"),
	onlyIn("wire types", wireTypes, []string{"desired", "observed", "execute", "fleet", "compose", "lab", "acctest", "enginetest"},
		"the engine's types stop at what is wanted, seen and sent; a decision or a schema in them would change with the engine's library"),
	onlyIn("framework", framework, append([]string{"main", "provider", "cidr", "concept", "acctest", "bench"}, concepts...),
		"the core must be usable, and testable, without Terraform; null and unknown end in the concept packages"),
	{"SOPS stays outside", "SOPS brings the clients of every key service: only the program that decrypts carries their weight", sopsShipped},
	{"plan is pure", "the same values must always give the same plan, or the plan does not tell the truth", planImpure},
	{"layers", "data goes one way: configuration, desired, plan, execution, state", layersCrossed},
	{"concepts", "a concept speaks to package core; it needs desired and at most one package more", conceptsGreedy},
	{"provider", "the provider offers the concepts; Compose is the stack's business", func(files []file) []string {
		return importing(files, "provider", "compose")
	}},
	{"main", "main serves the provider, and nothing else", mainBusy},
	{"lab", "the lab is for tests and the quick start, never in the provider", labShipped},
	{"background context", "whoever starts work without the caller's context cannot be cancelled by Terraform", backgroundContext},
	{"local files", "os.Open of a named pipe waits for ever; localfile refuses it", localFiles},
	{"evaluation order", "Go does not say whether a variable is read before or after the call beside it", evaluationOrder},
	{"deadline", "what goes on after the run has ended must end by itself; work that others may wait for is assigned to a variable named shared", endless},
	{"programs end", "without a wait delay, what a program started keeps its pipes open, and the wait for them never ends", endlessPrograms},
	{"file length", "a file this long holds more than one concept: split it by concept", longFiles},
}

// shipped are the files that are compiled into a program, not into a test.
func shipped(files []file) []file {
	return slices.DeleteFunc(slices.Clone(files), file.isTest)
}

// within reports whether an import path is the package or one below it. A hyphen
// counts as below, for terraform-plugin-framework-validators and its like.
func within(importPath, root string) bool {
	rest, ok := strings.CutPrefix(importPath, root)
	return ok && (rest == "" || rest[0] == '/' || rest[0] == '-')
}

// onlyIn forbids an import path, and all below it, outside of some layers.
func onlyIn(name, importPath string, allowed []string, reason string) rule {
	return rule{name, reason, func(files []file) []string {
		var offences []string
		for _, f := range shipped(files) {
			if slices.Contains(allowed, f.layer()) {
				continue
			}
			for _, imported := range slices.Sorted(maps.Keys(f.imports)) {
				if within(imported, importPath) {
					offences = append(offences, fmt.Sprintf("%s:%d imports %s; only %s may",
						f.path, f.imports[imported], imported, strings.Join(allowed, ", ")))
				}
			}
		}
		return offences
	}}
}

// importing finds imports of one of our layers in another.
func importing(files []file, from, to string) []string {
	var offences []string
	for _, f := range shipped(files) {
		if f.layer() != from {
			continue
		}
		for _, imported := range slices.Sorted(maps.Keys(f.imports)) {
			if ours(imported) == to {
				offences = append(offences, fmt.Sprintf("%s:%d imports %s", f.path, f.imports[imported], imported))
			}
		}
	}
	return offences
}

// sopsShipped finds SOPS in what the provider's own program is made of.
func sopsShipped(files []file) []string {
	var offences []string
	for _, f := range shipped(files) {
		if strings.HasPrefix(f.path, "internal/sops/decrypt/") || strings.HasPrefix(f.path, "internal/sops/cmd/") ||
			strings.HasPrefix(f.path, "internal/sops/sopstest/") {
			continue
		}
		for _, imported := range slices.Sorted(maps.Keys(f.imports)) {
			if within(imported, sopsLibrary) || within(imported, module+"/internal/sops/decrypt") {
				offences = append(offences, fmt.Sprintf("%s:%d imports %s", f.path, f.imports[imported], imported))
			}
		}
	}
	return offences
}

func planImpure(files []file) []string {
	banned := []string{
		"context", "math/rand", "crypto/rand", "log", "os", "net", "syscall", "io/ioutil",
		"github.com/hashicorp/terraform-plugin-log", "github.com/sirupsen/logrus",
	}
	var offences []string
	for _, f := range shipped(files) {
		if f.layer() != "plan" {
			continue
		}
		for _, imported := range slices.Sorted(maps.Keys(f.imports)) {
			if imported == "net/netip" { // addresses as values; no I/O
				continue
			}
			for _, ban := range banned {
				if within(imported, ban) {
					offences = append(offences, fmt.Sprintf("%s:%d imports %s", f.path, f.imports[imported], imported))
				}
			}
		}
		for _, name := range clock {
			if line, used := f.uses[selection{"time", name}]; used {
				offences = append(offences, fmt.Sprintf("%s:%d uses time.%s", f.path, line, name))
			}
		}
	}
	return offences
}

func layersCrossed(files []file) []string {
	var offences []string
	for _, f := range shipped(files) {
		name := f.layer()
		rule, known := layers[name]
		if !known {
			if name != "" && name != "main" && !slices.Contains(concepts, name) && !slices.Contains(exempt, name) {
				offences = append(offences, f.path+": internal/"+name+" is not on the map; add it to layers_test.go")
			}
			continue
		}
		for _, imported := range slices.Sorted(maps.Keys(f.imports)) {
			to := ours(imported)
			if to != "" && to != name && !slices.Contains(rule.may, to) {
				offences = append(offences, fmt.Sprintf("%s:%d imports %s: %s",
					f.path, f.imports[imported], imported, rule.reason))
			}
		}
	}
	return offences
}

func conceptsGreedy(files []file) []string {
	others := map[string]map[string]bool{}
	for _, f := range shipped(files) {
		name := f.layer()
		if !slices.Contains(concepts, name) {
			continue
		}
		for imported := range f.imports {
			to := ours(imported)
			if to == "" || to == name || to == "core" || to == "desired" || to == "cidr" || to == "concept" || to == "letter" || to == "localfile" { // these are Terraform's own terms, or stand in for packages strings and os
				continue
			}
			if others[name] == nil {
				others[name] = map[string]bool{}
			}
			others[name][to] = true
		}
	}
	var offences []string
	for _, name := range slices.Sorted(maps.Keys(others)) {
		if len(others[name]) > freeInside {
			offences = append(offences, fmt.Sprintf("internal/%s imports %s besides core and desired; one is allowed",
				name, strings.Join(slices.Sorted(maps.Keys(others[name])), ", ")))
		}
	}
	return offences
}

func mainBusy(files []file) []string {
	var offences []string
	for _, f := range shipped(files) {
		for _, imported := range slices.Sorted(maps.Keys(f.imports)) {
			if to := ours(imported); f.layer() == "main" && to != "" && to != "provider" {
				offences = append(offences, fmt.Sprintf("%s:%d imports %s", f.path, f.imports[imported], imported))
			}
		}
	}
	return offences
}

func labShipped(files []file) []string {
	var offences []string
	for _, f := range shipped(files) {
		for _, imported := range slices.Sorted(maps.Keys(f.imports)) {
			if f.layer() != "lab" && ours(imported) == "lab" {
				offences = append(offences, fmt.Sprintf("%s:%d imports %s", f.path, f.imports[imported], imported))
			}
		}
	}
	return offences
}

func backgroundContext(files []file) []string {
	var offences []string
	for _, f := range shipped(files) {
		if f.layer() == "main" || f.layer() == "lab" || f.layer() == "bench" || strings.HasPrefix(f.path, "examples/") {
			continue
		}
		for _, name := range []string{"Background", "TODO"} {
			if line, used := f.uses[selection{"context", name}]; used {
				offences = append(offences, fmt.Sprintf("%s:%d uses context.%s", f.path, line, name))
			}
		}
	}
	return offences
}

func longFiles(files []file) []string {
	var offences []string
	for _, f := range shipped(files) {
		if f.lines > maxLines {
			offences = append(offences, fmt.Sprintf("%s has %d lines; %d are allowed", f.path, f.lines, maxLines))
		}
	}
	return offences
}
