package compose

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/template"
)

var testValues = map[string]string{"SET": "value", "EMPTY": "", "OTHER": "$SET"}

func lookupTest(name string) (string, bool) { v, ok := testValues[name]; return v, ok }

func TestSubstitution_EveryForm_FollowsTheSpecification(t *testing.T) {
	tests := map[string]string{
		"plain": "plain", "$SET": "value", "${SET}": "value", "a${SET}b$SET-": "avalueb" + "value-",
		"$$SET": "$SET", "$${SET}": "${SET}", "$": "$", "a$": "a$", "$1": "$1", "100%$ ": "100%$ ",
		"${NONE-d}": "d", "${NONE:-d}": "d", "${EMPTY-d}": "", "${EMPTY:-d}": "d", "${SET:-d}": "value",
		"${SET+d}": "d", "${SET:+d}": "d", "${EMPTY+d}": "d", "${EMPTY:+d}": "", "${NONE+d}": "", "${NONE:+d}": "",
		"${NONE:-${SET}}": "value", "${NONE:-${EMPTY:-x$SET}}": "xvalue", "${NONE:-a}-${NONE:-b}": "a-b",
		"${SET?m}": "value", "${OTHER}": "$SET", "${NONE:-}": "", "${NONE}": "", "{\"a\": \"${SET}\"}": `{"a": "value"}`,
		"${NONE:-a:-b}": "a:-b", "${SET:?a ${NONE}}": "value", "line\n${SET}\n": "line\nvalue\n", "${NONE:-$$}": "$",
	}
	for text, want := range tests {
		got, err := (&substitution{}).apply(text, lookupTest)
		if err != nil || got != want {
			t.Errorf("%q: got %q, %v; want %q", text, got, err, want)
		}
	}
}

func TestSubstitution_Mistakes_AreTypedErrors(t *testing.T) {
	for _, text := range []string{"${", "${}", "${SET", "${1}", "${SET:}", "${SET!x}", "${-x}", "a ${SET", "${NONE:-${}}", "${NONE:-a\nb}"} {
		_, err := (&substitution{}).apply(text, lookupTest)
		var invalid *template.InvalidTemplateError
		if !errors.As(err, &invalid) {
			t.Errorf("%q: got %v", text, err)
		}
	}
	for text, reason := range map[string]string{"${NONE?set it}": "set it", "${EMPTY:?}": "", "${NONE:?is $SET}": "is value"} {
		_, err := (&substitution{}).apply(text, lookupTest)
		var required *template.MissingRequiredError
		if !errors.As(err, &required) || required.Reason != reason {
			t.Errorf("%q: got %v", text, err)
		}
	}
}

func TestSubstitution_Unset_IsCollectedOnlyWhereItCounts(t *testing.T) {
	s := &substitution{unset: map[string]bool{}}
	if _, err := s.apply("$A ${B} ${C:-x} ${D+y} ${E-$F} ${SET:-$G}", lookupTest); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(sortedKeys(s.unset), " "); got != "A B F" {
		t.Errorf("got %q", got)
	}
}

// TestSubstitution_RandomText_AgreesWithComposeGo compares with the library
// whose rules these are, on text without stray braces, which it reads otherwise
// than its own specification.
func TestSubstitution_RandomText_AgreesWithComposeGo(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	quiet := func(text string) (string, error) {
		return template.SubstituteWithOptions(text, func(name string) (string, bool) {
			value, ok := lookupTest(name)
			return value, ok
		}, template.WithoutLogging)
	}
	for range 3000 {
		text := randomTemplate(random, 3)
		want, wantErr := quiet(text)
		got, err := (&substitution{}).apply(text, lookupTest)
		if (err == nil) != (wantErr == nil) || err == nil && got != want {
			t.Fatalf("%q: got %q, %v; compose-go has %q, %v", text, got, err, want, wantErr)
		}
	}
}

func randomTemplate(random *rand.Rand, depth int) string {
	var b strings.Builder
	for range 1 + random.IntN(3) {
		name := []string{"SET", "EMPTY", "OTHER"}[random.IntN(3)]
		switch random.IntN(5) {
		case 0:
			b.WriteString("text ")
		case 1:
			b.WriteString("$$")
		case 2:
			b.WriteString("$" + name + " ")
		case 3:
			b.WriteString("${" + name + "}")
		default:
			operator := []string{"-", ":-", "+", ":+", "?", ":?"}[random.IntN(6)]
			argument := "d"
			if depth > 0 {
				argument = randomTemplate(random, depth-1)
			}
			b.WriteString("${" + name + operator + argument + "}")
		}
	}
	return b.String()
}
