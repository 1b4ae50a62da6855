package plan

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
)

// KeepNodePaths returns the stack with the paths of the node that it uses already
// in place of delivered files: Docker Compose mounted a project's relative paths
// from its own directory, and what the services wrote there must not be taken from
// them. A path is kept while a container mounts it where the service has a relative
// bind mount of the same name, also in the containers that follow. A read-only one is
// kept until the local files are no longer those that were accepted, unless a service
// of the stack writes to it.
func KeepNodePaths(want *desired.Stack, have *observed.Stack, opts Options) *desired.Stack {
	kept := *want
	kept.Services, kept.Warnings = maps.Clone(want.Services), slices.Clone(want.Warnings)
	for _, name := range sortedKeys(want.Services) {
		service := want.Services[name]
		var files []desired.File
		mounts := slices.Clone(service.Mounts)
		for _, f := range service.Files {
			path := nodePath(&f, have, name, opts)
			if path == "" || f.Bind.ReadOnly && isOther(opts.Accepted[name], &f) && !written(have, path) {
				files = append(files, f)
				continue
			}
			bind := *f.Bind
			bind.Source, bind.KeepsFrom = path, f.Digest
			mounts = append(mounts, bind)
			if !bind.ReadOnly {
				delivered := desired.DeliveredReadOnly(name, &f)
				kept.Warnings = slices.DeleteFunc(kept.Warnings, func(w string) bool { return w == delivered })
				kept.Warnings = append(kept.Warnings, keepsPath(name, path, &f))
			}
		}
		if len(files) == len(service.Files) {
			continue
		}
		slices.SortFunc(mounts, func(a, b desired.Mount) int { return strings.Compare(a.Target, b.Target) })
		service.Files, service.Mounts = files, mounts
		kept.Services[name] = service
	}
	return &kept
}

func keepsPath(service, path string, f *desired.File) string {
	return fmt.Sprintf("service %q keeps %s of the node at %s, as Docker Compose mounted it: what is in %q where Terraform runs is not delivered. "+
		"Write %s:%s to say so, or add :ro to the relative path to have local files delivered, read-only, from their next change on",
		service, path, f.Target, "./"+f.Name, path, f.Target)
}

// nodePath is the path of the node that is mounted in place of a relative one;
// empty if there is none. homelab's own containers mount one only if it was kept
// before, or if that is not recorded, as after an import.
func nodePath(f *desired.File, have *observed.Stack, service string, opts Options) string {
	if f.Bind == nil {
		return ""
	}
	remembered := opts.NodePaths[service][f.Target]
	for i := range have.Services[service] {
		c := &have.Services[service][i]
		bind, mounted := c.Binds[f.Target]
		if c.Owned() && opts.AppliedFields != nil && bind.Source != remembered {
			continue
		}
		if mounted && isSamePath(bind.Source, f.Name, c.Labels[desired.LabelWorkingDir]) {
			return bind.Source
		}
	}
	if len(have.Services[service]) == 0 && isSamePath(remembered, f.Name, "") {
		return remembered
	}
	return ""
}

// isSamePath reports whether a path of the node is what a relative one means in
// the directory of a project; empty: some directory.
func isSamePath(path, relative, directory string) bool {
	if inside, ok := strings.CutPrefix(path, directory+"/"); ok && directory != "" && !strings.HasPrefix(relative, "..") {
		return inside == relative
	}
	for strings.HasPrefix(relative, "../") {
		relative = strings.TrimPrefix(relative, "../")
	}
	return relative == "." || relative == ".." || strings.HasSuffix(path, "/"+relative)
}

// isOther reports whether local files are no longer those that were accepted.
func isOther(accepted map[string]string, f *desired.File) bool {
	digest, ok := accepted[string(f.Kind)+"."+f.Target]
	return ok && digest != f.Digest
}

// written reports whether a container of the stack may write to a path of the node.
func written(have *observed.Stack, path string) bool {
	for _, containers := range have.Services {
		for i := range containers {
			for _, bind := range containers[i].Binds {
				if !bind.ReadOnly && (strings.HasPrefix(path+"/", bind.Source+"/") || strings.HasPrefix(bind.Source+"/", path+"/")) {
					return true
				}
			}
		}
	}
	return false
}

// checkNodePaths refuses to put a read-only copy where a container writes to a
// path of the node.
func (b *builder) checkNodePaths() {
	for _, name := range sortedKeys(b.want.Services) {
		for _, f := range b.want.Services[name].Files {
			for _, c := range b.have.Services[name] {
				if bind, ok := c.Binds[f.Target]; ok && !bind.ReadOnly && f.Bind != nil && !f.Bind.ReadOnly {
					b.addProblem(fmt.Sprintf("Service %q would get a read-only copy of %q at %s, where its container %s writes to %s of the node. "+
						"Write the path of the node that it is to use, such as %s:%s, or add :ro to the relative path if a read-only copy is meant.",
						name, "./"+f.Name, f.Target, c.Name, bind.Source, bind.Source, f.Target))
					break
				}
			}
		}
	}
}
