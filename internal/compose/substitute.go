package compose

import (
	"fmt"
	"strings"

	"github.com/compose-spec/compose-go/v2/template"
)

// substitution fills in ${VARIABLES} by the rules of the Compose specification
// (https://docs.docker.com/reference/compose-file/interpolation/). compose-go
// has the same rules, but writes each unset variable to a process-wide log;
// here they are collected, for the plan to show.
type substitution struct {
	unset map[string]bool
	// asked gathers, unless it is nil, all names that had no value.
	asked map[string]bool
	// lenient lets a required variable be empty.
	lenient bool
}

// apply returns text with its variables filled in from lookup. It returns a
// *template.InvalidTemplateError for a "${" that starts nothing, and a
// *template.MissingRequiredError for ${NAME:?message} without a value.
func (s *substitution) apply(text string, lookup template.Mapping) (string, error) {
	var out strings.Builder
	for i := 0; i < len(text); {
		if text[i] != '$' || i+1 == len(text) {
			out.WriteByte(text[i])
			i++
			continue
		}
		value, end, err := s.reference(text, i+1, lookup)
		if err != nil {
			return "", err
		}
		out.WriteString(value)
		i = end
	}
	return out.String(), nil
}

// reference reads what follows a "$" at start, and returns its value and the
// index after it.
func (s *substitution) reference(text string, start int, lookup template.Mapping) (string, int, error) {
	switch c := text[start]; {
	case c == '$':
		return "$", start + 1, nil
	case c == '{':
		return s.braced(text, start, lookup)
	case isNameStart(c):
		end := nameEnd(text, start)
		return s.plain(text[start:end], lookup), end, nil
	}
	return "$", start, nil
}

func (s *substitution) braced(text string, open int, lookup template.Mapping) (string, int, error) {
	invalid := &template.InvalidTemplateError{Template: text}
	end := closing(text, open)
	if end < 0 || !isNameStart(text[open+1]) {
		return "", 0, invalid
	}
	nameStop := nameEnd(text, open+1)
	name, rest := text[open+1:nameStop], text[nameStop:end]
	if rest == "" {
		return s.plain(name, lookup), end + 1, nil
	}
	operator := rest[:1]
	if operator == ":" && len(rest) > 1 {
		operator = rest[:2]
	}
	argument := rest[len(operator):]
	if !strings.ContainsAny(operator[len(operator)-1:], "-?+") || strings.Contains(argument, "\n") {
		return "", 0, invalid
	}
	value, err := s.operate(name, operator, argument, lookup)
	return value, end + 1, err
}

func (s *substitution) operate(name, operator, argument string, lookup template.Mapping) (string, error) {
	value, ok := s.find(name, lookup)
	if strings.HasPrefix(operator, ":") {
		ok = ok && value != ""
	}
	switch operator[len(operator)-1] {
	case '+':
		if ok {
			return s.apply(argument, lookup)
		}
		return value, nil
	case '-':
		if !ok {
			return s.apply(argument, lookup)
		}
		return value, nil
	}
	if ok || s.lenient {
		return value, nil
	}
	reason, err := s.apply(argument, lookup)
	if err != nil {
		return "", err
	}
	return "", &template.MissingRequiredError{Variable: name, Reason: reason}
}

func (s *substitution) plain(name string, lookup template.Mapping) string {
	value, ok := s.find(name, lookup)
	if !ok && s.unset != nil {
		s.unset[name] = true
	}
	return value
}

func (s *substitution) find(name string, lookup template.Mapping) (string, bool) {
	value, ok := lookup(name)
	if !ok && s.asked != nil {
		s.asked[name] = true
	}
	return value, ok
}

// closing returns the index of the brace that closes the one at open, or -1.
func closing(text string, open int) int {
	depth := 0
	for i := open; i < len(text); i++ {
		switch text[i] {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

func isNameStart(c byte) bool {
	return c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

func nameEnd(text string, i int) int {
	for i < len(text) && (isNameStart(text[i]) || '0' <= text[i] && text[i] <= '9') {
		i++
	}
	return i
}

// unsetWarning is what a plan says of a variable that has no value.
func unsetWarning(name string) string {
	return fmt.Sprintf("variable %q is not set, so it counts as empty: set it in variables or secrets, or write ${%s:-} if empty is meant", name, name)
}
