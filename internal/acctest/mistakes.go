package acctest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// Mistake is a resource that has to be refused before anything is applied, with
// exactly one error.
type Mistake struct {
	// Type is the resource's type, Body what stands in its block.
	Type, Body string
	// Attribute is what the line begins with that the error points at; empty for
	// the resource itself, where Terraform also points for what is inside a list.
	Attribute string
	// Summary and Detail are the whole texts.
	Summary, Detail string
}

// RequireRefused plans all mistakes at once, each as the resource with its name,
// after a head with the provider and what is right. Terraform reports what a
// configuration can show by itself first, and asks no node while there is any: such
// mistakes go into a call of their own.
func RequireRefused(t *testing.T, head string, mistakes map[string]Mistake) {
	t.Helper()
	c := NewCLI(t)
	var config strings.Builder
	config.WriteString(head)
	for _, name := range slices.Sorted(maps.Keys(mistakes)) {
		fmt.Fprintf(&config, "\nresource %q %q {\n%s\n}\n", mistakes[name].Type, name, mistakes[name].Body)
	}
	c.Write(t, "main.tf", config.String())
	found := refusals(t, c.Must(t, []string{"plan", "-json", "-no-color"}, 1).Stdout)
	for _, name := range slices.Sorted(maps.Keys(mistakes)) {
		m := mistakes[name]
		got := found[m.Type+"."+name]
		delete(found, m.Type+"."+name)
		if len(got) != 1 || got[0].Summary != m.Summary || got[0].Detail != m.Detail || !strings.HasPrefix(strings.TrimSpace(got[0].line), m.Attribute) {
			t.Errorf("%s: errors\n%+v\nwant one at %q\n%s: %s", name, got, m.Attribute, m.Summary, m.Detail)
		}
	}
	for address, got := range found {
		t.Errorf("%q has errors and should have none: %+v", address, got)
	}
}

// refusal is an error in Terraform's JSON.
type refusal struct {
	Severity, Summary, Detail, Address string
	Snippet                            *struct{ Context, Code string }

	line string
}

// refusals are the errors of a plan, by resource.
func refusals(t *testing.T, output string) map[string][]refusal {
	t.Helper()
	found := map[string][]refusal{}
	for _, line := range strings.Split(output, "\n") {
		var message struct{ Diagnostic *refusal }
		if json.Unmarshal([]byte(line), &message) != nil || message.Diagnostic == nil || message.Diagnostic.Severity != "error" {
			continue
		}
		one := *message.Diagnostic
		if one.Snippet != nil {
			one.line = one.Snippet.Code
			if words := strings.Split(one.Snippet.Context, `"`); one.Address == "" && len(words) == 5 {
				one.Address = words[1] + "." + words[3]
			}
		}
		found[one.Address] = append(found[one.Address], one)
	}
	return found
}
