package survey

import (
	"cmp"
	"encoding/json"
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// base is the image that Dockerfiles begin with in the copy.
const base = "homelab.test/survey:1"

// Document is what Docker Compose makes of a project's documents, as far as the
// survey has to know it.
type Document struct {
	Services map[string]Service  `json:"services"`
	Networks map[string]External `json:"networks"`
	Volumes  map[string]External `json:"volumes"`
}

// External is a network or volume.
type External struct {
	Name     string            `json:"name"`
	External bool              `json:"external"`
	Options  map[string]string `json:"driver_opts"`
}

// Service is one service of a document.
type Service struct {
	Image       string          `json:"image"`
	Build       json.RawMessage `json:"build"`
	Entrypoint  []string        `json:"entrypoint"`
	Command     []string        `json:"command"`
	User        string          `json:"user"`
	GroupAdd    []string        `json:"group_add"`
	WorkingDir  string          `json:"working_dir"`
	Healthcheck struct {
		Test []string `json:"test"`
	} `json:"healthcheck"`
	PostStart []hook `json:"post_start"`
	PreStop   []hook `json:"pre_stop"`
	DependsOn map[string]struct {
		Condition string `json:"condition"`
	} `json:"depends_on"`
	Volumes []struct {
		Type   string `json:"type"`
		Source string `json:"source"`
		Target string `json:"target"`
	} `json:"volumes"`
	Ports []struct {
		Published string `json:"published"`
	} `json:"ports"`
	NetworkMode string `json:"network_mode"`
	Runtime     string `json:"runtime"`
	Deploy      struct {
		Resources struct {
			Reservations struct {
				Devices []any `json:"devices"`
			} `json:"reservations"`
		} `json:"resources"`
	} `json:"deploy"`
	Gpus []any `json:"gpus"`
}

type hook struct {
	Command []string `json:"command"`
	User    string   `json:"user"`
}

// ReadDocument reads the output of "docker compose config --format json".
func ReadDocument(text []byte) (Document, error) {
	var d Document
	err := json.Unmarshal(text, &d)
	return d, err
}

// References are the images that the project names, each once and in order.
func (d Document) References() []string {
	refs := map[string]bool{}
	for _, s := range d.Services {
		if s.Image != "" && len(s.Build) == 0 {
			refs[s.Image] = true
		}
	}
	return slices.Sorted(maps.Keys(refs))
}

// jobs are the arguments of the services of an image that others wait for to end.
func (d Document) jobs(ref string) [][]string {
	ends := map[string]bool{}
	for _, s := range d.Services {
		for name, dependency := range s.DependsOn {
			if dependency.Condition == "service_completed_successfully" {
				ends[name] = true
			}
		}
	}
	out := [][]string{}
	for _, name := range slices.Sorted(maps.Keys(ends)) {
		if s := d.Services[name]; cmp.Or(s.Image, base) == ref || len(s.Build) > 0 && ref == base {
			out = append(out, plain(slices.Concat(s.Entrypoint, s.Command)))
		}
	}
	return out
}

// programs are the paths of all programs that the containers of an image are told
// to run.
func (d Document) programs(ref string) []string {
	out := map[string]bool{"/bin/sh": true, "/bin/bash": true, "/bin/ash": true, "/usr/bin/env": true, "/bin/busybox": true}
	for _, s := range d.Services {
		if s.Image != ref && (len(s.Build) == 0 || ref != base) {
			continue
		}
		words := [][]string{s.Entrypoint}
		if test := s.Healthcheck.Test; len(test) > 1 && test[0] == "CMD" {
			words = append(words, test[1:])
		}
		for _, h := range slices.Concat(s.PostStart, s.PreStop) {
			words = append(words, h.Command)
		}
		for _, line := range words {
			if len(line) > 0 && line[0] != "" {
				out[program(plain(line)[0], s.WorkingDir)] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(out))
}

// program is where a program that is called so is looked for.
func program(name, directory string) string {
	switch {
	case filepath.IsAbs(name):
		return filepath.Clean(name)
	case strings.Contains(name, "/"):
		return filepath.Join("/", directory, name)
	default:
		return "/usr/local/bin/" + name
	}
}

// accounts are the names of users and groups that the project's containers run as.
func (d Document) accounts() []string {
	out := map[string]bool{}
	add := func(text string) {
		for part := range strings.SplitSeq(text, ":") {
			if part != "" && part != "root" && strings.Trim(part, "0123456789") != "" {
				out[part] = true
			}
		}
	}
	for _, s := range d.Services {
		add(s.User)
		for _, group := range s.GroupAdd {
			add(group)
		}
		for _, h := range slices.Concat(s.PostStart, s.PreStop) {
			add(h.User)
		}
	}
	return slices.Sorted(maps.Keys(out))
}

// Binds are the paths of the node that are mounted, by volumes too.
func (d Document) Binds() []string {
	out := map[string]bool{}
	for _, s := range d.Services {
		for _, v := range s.Volumes {
			if v.Type == "bind" {
				out[v.Source] = true
			}
		}
	}
	for _, v := range d.Volumes {
		if device := v.Options["device"]; strings.Contains(v.Options["o"], "bind") && filepath.IsAbs(device) {
			out[device] = true
		}
	}
	return slices.Sorted(maps.Keys(out))
}

// Ports is how many ports are published.
func (d Document) Ports() int {
	n := 0
	for _, s := range d.Services {
		n += len(s.Ports)
	}
	return n
}

// Hardware reports whether a service needs a graphics card.
func (d Document) Hardware() bool {
	for _, s := range d.Services {
		if len(s.Gpus) > 0 || len(s.Deploy.Resources.Reservations.Devices) > 0 || s.Runtime == "nvidia" {
			return true
		}
	}
	return false
}

// plain undoes the doubling of dollar signs.
func plain(words []string) []string {
	out := slices.Clone(words)
	for i, word := range out {
		out[i] = strings.ReplaceAll(word, "$$", "$")
	}
	return out
}
