package compose

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Error is one problem with an [Input], as text for the person who wrote it.
type Error struct {
	// Attribute is the argument of the stack at fault: "compose",
	// "overrides[1]", "variables", "secrets", "project_directory", "profiles",
	// "pull" or "name".
	Attribute string
	// Detail says in one or two sentences what is wrong and what to do. It
	// never holds a secret's value.
	Detail string
	// Line counts from 1 in the document that Attribute names; 0 means unknown.
	Line int
}

// Error returns the attribute, the line when it is known, and the detail.
func (e *Error) Error() string {
	if e.Line > 0 {
		return fmt.Sprintf("%s, line %d: %s", e.Attribute, e.Line, e.Detail)
	}
	return e.Attribute + ": " + e.Detail
}

// Errors returns the problems joined in err, in order; nil for nil. An error
// that [Load] did not make, such as a context's, is left out.
func Errors(err error) []*Error {
	if err == nil {
		return nil
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []*Error
		for _, e := range joined.Unwrap() {
			all = append(all, Errors(e)...)
		}
		return all
	}
	var one *Error
	if errors.As(err, &one) {
		return []*Error{one}
	}
	return nil
}

// problems collects errors, so that one plan names every mistake.
type problems struct {
	docs  documents
	masks masks
	list  []*Error
}

// addError records a problem with an attribute.
func (p *problems) addError(attribute, format string, args ...any) {
	p.addOnce(&Error{Attribute: attribute, Detail: fmt.Sprintf(format, args...)})
}

// addErrorAt records a problem with the field at path, with its document and
// line.
func (p *problems) addErrorAt(path fieldPath, format string, args ...any) {
	attribute, line := p.docs.locate(path)
	p.addOnce(&Error{Attribute: attribute, Line: line, Detail: fmt.Sprintf(format, args...)})
}

// addServiceError records a problem with a key of a service.
func (p *problems) addServiceError(name, key, format string, args ...any) {
	path := fieldPath{"services", name}
	if key != "" {
		path = append(path, strings.Split(key, ".")...)
	}
	p.addErrorAt(path, "service %q: %s", name, fmt.Sprintf(format, args...))
}

// addOnce records a problem once, with the secrets' names for their markers.
func (p *problems) addOnce(e *Error) {
	e.Detail = p.masks.name(e.Detail)
	for _, old := range p.list {
		if *old == *e {
			return
		}
	}
	p.list = append(p.list, e)
}

// err joins the problems in the order of the documents' lines; nil for none.
func (p *problems) err() error {
	slices.SortStableFunc(p.list, func(a, b *Error) int {
		if c := strings.Compare(a.Attribute, b.Attribute); c != 0 {
			return c
		}
		if c := a.Line - b.Line; c != 0 {
			return c
		}
		return strings.Compare(a.Detail, b.Detail)
	})
	errs := make([]error, len(p.list))
	for i, e := range p.list {
		errs[i] = e
	}
	return errors.Join(errs...)
}
