package compose

import (
	"errors"
	"io/fs"
	"regexp"
	"strconv"
	"strings"

	"github.com/compose-spec/compose-go/v2/format"
	"github.com/compose-spec/compose-go/v2/graph"
	"github.com/compose-spec/compose-go/v2/template"
	"github.com/compose-spec/compose-go/v2/types"
	"go.yaml.in/yaml/v4"

	"github.com/homelab-iac/terraform-provider-homelab/internal/letter"
)

func quote(s string) string { return strconv.Quote(s) }

// reason is an error of the file system without the path, which the message
// around it names.
func reason(err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err
	}
	return err
}

// diagnose turns compose-go's errors into problems that say where and what to
// do. The errors are those of the masked load, so they hold no secrets.
func (l *load) diagnose(err error) {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range joined.Unwrap() {
			l.diagnose(e)
		}
		return
	}
	if list, ok := strings.CutPrefix(err.Error(), decodingFailed); ok {
		for _, line := range strings.Split(strings.TrimSpace(list), "\n") {
			l.diagnoseOne(errors.New(line))
		}
		return
	}
	l.diagnoseOne(err)
}

// decodingFailed begins an error that holds several, one on each line.
const decodingFailed = "decoding failed due to the following error(s):"

func (l *load) diagnoseOne(err error) {
	if l.secretAsNumber(err) || l.duplicateKey(err) {
		return
	}
	var (
		own      *Error
		required *template.MissingRequiredError
		invalid  *template.InvalidTemplateError
	)
	path := pathIn(err.Error())
	switch {
	case errors.As(err, &own):
		l.addOnce(own)
	case errors.As(err, &required):
		l.missingVariable(required, path)
	case errors.As(err, &invalid):
		l.addErrorAt(path, "%s%s: %q is not a valid use of a variable: write ${NAME}, or \"$$\" for a dollar sign", owner(path), keyName(path), invalid.Template)
	case l.invalidShortForm():
	default:
		l.addErrorAt(path, "%s", explain(path, err.Error()))
	}
}

func (l *load) missingVariable(e *template.MissingRequiredError, path fieldPath) {
	where := ""
	if len(path) > 0 {
		where = " (used in " + path.String() + ")"
	}
	why := ""
	if e.Reason != "" {
		why = ": " + e.Reason
	}
	l.addError("variables", "variable %q must be set%s%s; set it in variables or secrets", e.Variable, why, where)
}

// secretAsNumber reports the secrets that an error is about: a marker where
// compose-go wants a number, a port or the like.
func (l *load) secretAsNumber(err error) bool {
	names := l.masks.in(err.Error())
	if len(names) == 0 {
		return false
	}
	path := pathIn(err.Error())
	if len(path) == 0 {
		path = l.useOf(names[0])
	}
	field := keyName(path)
	if field == "" {
		field = "a field"
	}
	l.addErrorAt(path, "%ssecret %s is used in %s, which is not text: a secret may be used in environment, command, entrypoint, healthcheck.test, the content of a config, and as a file under secrets", owner(path), strings.Join(names, ", "), field)
	return true
}

// useOf finds the field in which a variable is used and may not be secret.
func (l *load) useOf(name string) fieldPath {
	var found fieldPath
	use := regexp.MustCompile(`\$(` + regexp.QuoteMeta(name) + `\b|\{` + regexp.QuoteMeta(name) + `\b)`)
	l.visit(func(_ document, path fieldPath, node *yaml.Node) {
		if found == nil && use.MatchString(node.Value) && !secretAllowed(path) {
			found = path
		}
	})
	return found
}

func (l *load) visit(f func(document, fieldPath, *yaml.Node)) {
	for _, doc := range l.docs {
		for _, root := range doc.roots {
			visit(root, nil, func(path fieldPath, node *yaml.Node) { f(doc, path, node) })
		}
	}
}

// invalidShortForm finds the ports and volumes in short form that cannot be
// read, for compose-go's error does not say which they are.
func (l *load) invalidShortForm() bool {
	before := len(l.list)
	l.visit(func(doc document, path fieldPath, node *yaml.Node) {
		if len(path) != 4 || path[0] != "services" || path[2] != "ports" && path[2] != "volumes" {
			return
		}
		text, err := (&substitution{}).apply(node.Value, l.lookup)
		if err != nil {
			return
		}
		if path[2] == "ports" {
			_, err = types.ParsePortConfig(text)
		} else {
			_, err = format.ParseVolume(text)
		}
		if err != nil {
			l.addOnce(&Error{Attribute: doc.attribute, Line: node.Line,
				Detail: owner(path) + path[2] + ": " + quote(text) + " cannot be read: " + err.Error()})
		}
	})
	return len(l.list) > before
}

// The ways in which compose-go's errors name a field.
var (
	interpolating = regexp.MustCompile(`(?:while interpolating|interpolation format for) ([^\s:]+?)[:.]?(?:\s|$)`)
	validating    = regexp.MustCompile(`validating \S+: ([^\s]+) `)
	decoding      = regexp.MustCompile(`'([A-Za-z]+[^']*)'`)
	leading       = regexp.MustCompile(`^((?:services|networks|volumes|configs|secrets)\.[^\s:]+)`)
	bracket       = regexp.MustCompile(`\[([^\]]*)\]`)
)

// pathIn finds the field that an error of compose-go names; nil for none.
func pathIn(text string) fieldPath {
	for _, pattern := range []*regexp.Regexp{interpolating, validating, leading, decoding} {
		m := pattern.FindStringSubmatch(text)
		if m == nil {
			continue
		}
		name := strings.Trim(bracket.ReplaceAllString(letter.Small(m[1]), ".$1"), ".")
		var path fieldPath
		for _, part := range strings.Split(name, ".") {
			if part != "" {
				path = append(path, part)
			}
		}
		return path
	}
	return nil
}

// wording replaces the messages of libraries by messages that a person can act on.
var wording = []struct {
	pattern *regexp.Regexp
	text    string
}{
	{regexp.MustCompile(`^validating (?:compose|overrides\[\d+\]): `), ""},
	{regexp.MustCompile(`additional properties ('.*') not allowed`), "unknown key $1"},
	{regexp.MustCompile(`error while interpolating `), ""},
	{regexp.MustCompile(`failed to cast to expected type: `), ""},
	{regexp.MustCompile(`: invalid compose project$`), ""},
	{regexp.MustCompile(`strconv\.\w+: parsing (".*"): .*`), "$1 is not a number"},
	{regexp.MustCompile(`time: .*duration (".*")`), "$1 is not a duration: write for example 90s or 1m30s"},
	{regexp.MustCompile(`invalid size: '(.*)'`), `"$1" is not a size: write for example 512m or 2g`},
	{regexp.MustCompile(`invalid boolean: (.*)`), `"$1" is neither true nor false`},
	{regexp.MustCompile(`invalid command line string`), "a quote is not closed: write the command as a list, one item for each argument"},
	{regexp.MustCompile(`^top-level object must be a mapping`), "the document must be a mapping: it begins with a key such as services"},
	{regexp.MustCompile(`^Circular reference:`), "services extend each other in a circle:"},
	{regexp.MustCompile(`'.*' does not match pattern '\^\(always.*`), "it must be one of missing, always, never, build, daily, weekly and every_<duration>, such as every_12h"},
	{regexp.MustCompile(`\s+`), " "},
}

// explain returns the message for an error of compose-go about the field at path.
func explain(path fieldPath, text string) string {
	for _, w := range wording {
		text = w.pattern.ReplaceAllString(text, w.text)
	}
	if len(path) == 0 {
		return strings.TrimSpace(text)
	}
	for _, pattern := range []*regexp.Regexp{leading, decoding} {
		if name := pattern.FindString(text); name != "" {
			text = strings.TrimLeft(strings.TrimPrefix(text, name), ": ")
		}
	}
	if key := keyName(path); key != "" {
		text = key + ": " + text
	}
	return owner(path) + text
}

var mappingTwice = regexp.MustCompile(`failed to parse (\S+): .*line (\d+): (mapping key .* already defined.*)`)

// duplicateKey reports a key that is written twice in one mapping.
func (l *load) duplicateKey(err error) bool {
	m := mappingTwice.FindStringSubmatch(err.Error())
	if m == nil {
		return false
	}
	line, _ := strconv.Atoi(m[2])
	l.addOnce(&Error{Attribute: m[1], Line: line, Detail: m[3]})
	return true
}

// checkRest reports the faults that only compose-go knows.
func (l *load) checkRest(m *model) {
	err := m.inconsistent
	if err == nil {
		err = graph.CheckCycle(m.asWritten)
	}
	if err != nil {
		l.diagnose(err)
	}
}
