package survey

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// largest is the size in bytes from which on a file isn't copied: what a project
// needs to run is small.
const largest = 1 << 20

// Stage copies the surveyed directory. The documents and their files of variables
// are rewritten; see [rewrite].
func Stage(from, to string) error {
	err := filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && slices.Contains(skipped, entry.Name()) && entry.Name() != "vendor" {
			return fs.SkipDir
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, rel)
		if entry.IsDir() {
			return os.MkdirAll(target, 0o755)
		}
		info, err := entry.Info()
		if err != nil || !info.Mode().IsRegular() || info.Size() > largest {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(target, rewrite(entry.Name(), text), info.Mode().Perm()|0o444)
	})
	if err != nil {
		return fmt.Errorf("copy what is surveyed: %w", err)
	}
	return nil
}

// rewriting is one way in which a copied line is not the original's.
type rewriting struct {
	line *regexp.Regexp
	by   string
}

// rewritings are for what stand-ins and a lab cannot have: images by digest, images
// that must be pulled, health checks that take minutes, and devices.
var rewritings = []rewriting{
	{regexp.MustCompile(`@sha256:[0-9a-f]{64}`), ""},
	{regexp.MustCompile(`(?m)^(\s*(?:-\s*)?pull_policy:).*$`), "${1} missing"},
	{regexp.MustCompile(`(\b(?:interval|start_period|start_interval):\s*)["']?[0-9a-z.]+["']?`), "${1}1s"},
	{regexp.MustCompile(`(?m)^(\s*-\s*["']?)/dev/(` + devices + `)([:"'\s])`), "${1}/dev/null:/dev/${2}${3}"},
	{regexp.MustCompile(`(?m)^(\s*-\s*["']?)/dev/null:(/dev/[^:\s]+):(/[^:\s"']+)`), "${1}/dev/null:${3}"},
	{regexp.MustCompile(`(?m)^(\s*source:\s*["']?)/dev/(` + devices + `)(["'\s])`), "${1}/dev/null${3}"},
	{regexp.MustCompile(`(?m)^(\s*-\s*["']?|\s*source:\s*["']?)/(lib/modules|usr/src)([:"'\s])`), "${1}/srv/${2}${3}"},
	{regexp.MustCompile(`(?m)^(\s*runtime:)\s*["']?nvidia["']?\s*$`), "${1} runc"},
}

// devices are those that a machine without special hardware lacks.
const devices = `(?:dri|kfd|tty[A-Z]+[0-9]*|serial|video|snd|nvidia|bus|vchiq|vcsm|sd[a-z]|sr|sg|dvb|apex|ipmi|gpiomem|i2c|spidev|hidraw|usb|cdrom|input|zigbee|nvme)[^:"'\s]*`

// privileged is for machines that themselves may not do everything: there an engine
// cannot start such containers.
var privileged = rewriting{regexp.MustCompile(`(?m)^(\s*privileged:)\s*["']?true["']?`), "${1} false"}

// limited reports whether this machine's processes cannot have every capability.
var limited = sync.OnceValue(func() bool {
	text, err := os.ReadFile("/proc/self/status")
	found := regexp.MustCompile(`CapBnd:\s*([0-9a-f]+)`).FindSubmatch(text)
	if err != nil || found == nil {
		return false
	}
	have, err := strconv.ParseUint(string(found[1]), 16, 64)
	return err == nil && have&(have+1) != 0
})

// rewrite changes a file's text where it is a document or has its variables.
func rewrite(name string, text []byte) []byte {
	ext := filepath.Ext(name)
	switch {
	case ext == ".yml" || ext == ".yaml":
		for _, r := range rewritings {
			text = r.line.ReplaceAll(text, []byte(r.by))
		}
		if limited() {
			text = privileged.line.ReplaceAll(text, []byte(privileged.by))
		}
	case isVariables(name):
		text = rewritings[0].line.ReplaceAll(text, nil)
	case strings.HasPrefix(name, "Dockerfile") || ext == ".dockerfile" || ext == ".Dockerfile":
		text = dockerfile(text)
	}
	return text
}

// isVariables reports whether a file has a name that files of variables have.
func isVariables(name string) bool {
	return strings.Contains(name, ".env") || strings.HasPrefix(name, "env.") || name == "env"
}

var stage = regexp.MustCompile(`(?mi)^FROM\s+.*?\s+AS\s+([\w.-]+)\s*$`)

// dockerfile keeps the names of a Dockerfile's stages: each is the image that stands
// for all others.
func dockerfile(text []byte) []byte {
	var out strings.Builder
	for _, found := range stage.FindAllSubmatch(text, -1) {
		fmt.Fprintf(&out, "FROM %s AS %s\n", base, found[1])
	}
	if out.Len() == 0 || !lastIsNamed(text) {
		fmt.Fprintf(&out, "FROM %s\n", base)
	}
	return []byte(out.String())
}

func lastIsNamed(text []byte) bool {
	lines := regexp.MustCompile(`(?mi)^FROM\s.*$`).FindAll(text, -1)
	return len(lines) > 0 && stage.Match(lines[len(lines)-1])
}
