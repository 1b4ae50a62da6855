package survey

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// examples are the names of files that people copy to a name and edit, for that name.
func examples(name string) []string {
	bare := strings.TrimPrefix(name, ".")
	var out []string
	for _, word := range []string{"example", "sample", "template", "dist", "default", "tmpl", "tpl"} {
		out = append(out, name+"."+word, word+name, name+"-"+word, name+"_"+word, bare+"."+word, word+"."+bare, bare+"-"+word, "."+word+"."+bare)
	}
	if name == ".env" {
		out = append(out, "stack.env", "env", "default.env")
	}
	return out
}

// FromExample makes a missing file of the example beside it, and without one leaves it
// or, with empty, makes an empty one.
func FromExample(path string, empty bool) error {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, name := range examples(filepath.Base(path)) {
		text, err := os.ReadFile(filepath.Join(filepath.Dir(path), name))
		if err == nil {
			return os.WriteFile(path, text, 0o644)
		}
	}
	if !empty {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, nil, 0o644)
}

// guesses are values for variables that a project leaves to its user, by a part of
// the name; the first that fits.
var guesses = []struct {
	name  *regexp.Regexp
	value string
}{
	{regexp.MustCompile(`(?i)subnet|cidr`), "10.123.45.0/24"},
	{regexp.MustCompile(`(?i)gateway`), "10.123.45.1"},
	{regexp.MustCompile(`(?i)(^|_)(uid|gid|puid|pgid|user_?id|group_?id)$`), "1000"},
	{regexp.MustCompile(`(?i)port`), ""}, // a number of its own
	{regexp.MustCompile(`(?i)(tag|version)$`), "1"},
	{regexp.MustCompile(`(?i)(^|_)(dir|path|root|data|folder|directory|location|config|configs|volumes?|storage|media|downloads?|backup|appdata|home|mount|share|base)(_?\d*)$|(^|_)(data|config|media|app)_?(dir|path|root|folder)|dockerdir|datadir|_path_|docker_dir`), "/srv/survey/"},
	{regexp.MustCompile(`(?i)(^|_)(ip|ipv4|address|bind|addr)([_0-9]|$)`), "127.0.0.1"},
	{regexp.MustCompile(`(?i)restart`), "unless-stopped"},
	{regexp.MustCompile(`(?i)(^|_)(tz|timezone)$`), "UTC"},
	{regexp.MustCompile(`(?i)(mem|memory)(_?limit)?$`), "128m"},
	{regexp.MustCompile(`(?i)cpus?(_?limit)?$`), "0.5"},
	{regexp.MustCompile(`(?i)(interval|timeout|period)$`), "1s"},
	{regexp.MustCompile(`(?i)(retries|replicas|count|size|limit)$`), "3"},
	{regexp.MustCompile(`(?i)enabled?$`), "true"},
	{regexp.MustCompile(`(?i)(domain|host|hostname|fqdn)`), "survey.example"},
}

// Guess is a value for a variable that nothing gives one; n is its number, which tells
// ports apart.
func Guess(name string, n int) string {
	for _, g := range guesses {
		if !g.name.MatchString(name) {
			continue
		}
		switch g.value {
		case "":
			return fmt.Sprint(18000 + n)
		case "/srv/survey/":
			return g.value + strings.ToLower(name)
		default:
			return g.value
		}
	}
	return strings.ToLower(strings.ReplaceAll(name, "_", "-"))
}

// AddVariables appends variables to a file of them.
func AddVariables(path string, names []string) error {
	if len(names) == 0 {
		return nil
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer file.Close()
	text := "\n"
	for i, name := range slices.Sorted(slices.Values(names)) {
		text += name + "=" + Guess(name, i) + "\n"
	}
	_, err = file.WriteString(text)
	return err
}

// ParseEnvironment reads the output of "docker compose config --environment", and leaves
// out the names that the program was started with, unless the documents mention them. A
// value may go over several lines.
func ParseEnvironment(text string, started, mentioned []string) map[string]string {
	out := map[string]string{}
	var last string
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		name, value, ok := strings.Cut(line, "=")
		if ok && variable.MatchString(name) {
			last, out[name] = name, value
		} else if last != "" {
			out[last] += "\n" + line
		}
	}
	for name := range out {
		if !slices.Contains(mentioned, name) && (slices.Contains(started, name) || strings.HasPrefix(name, "COMPOSE_") || strings.HasPrefix(name, "DOCKER_") || strings.HasPrefix(name, "BUILDX_")) {
			delete(out, name)
		}
	}
	return out
}

// Given are the names that a file of variables gives a value.
func Given(path string) []string {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	var out []string
	for _, found := range assignment.FindAllStringSubmatch(string(text), -1) {
		if value := strings.Trim(strings.TrimSpace(found[2]), `"'`); value != "" && !strings.HasPrefix(value, "#") {
			out = append(out, found[1])
		}
	}
	return out
}

var (
	variable   = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]*$`)
	assignment = regexp.MustCompile(`(?m)^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*[=:](.*)$`)
)
