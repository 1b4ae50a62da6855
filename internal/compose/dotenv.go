package compose

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"strings"

	"github.com/compose-spec/compose-go/v2/dotenv"
	"github.com/compose-spec/compose-go/v2/template"
)

// unclosedQuote matches compose-go's error about a quote without its other one.
var unclosedQuote = regexp.MustCompile(`^line \d+: unterminated `)

// Dotenv reads the text of a .env file as Docker Compose does where no variable is set
// in the environment: a value may use the variables above it, one that is not set is
// empty, and a name without "=" sets nothing. Errors name the line and never quote it.
func Dotenv(text string) (map[string]string, error) {
	// Without a last line break, compose-go takes a name without "=" for a value.
	text = strings.TrimPrefix(text, "\ufeff") + "\n"
	variables, err := dotenv.UnmarshalWithLookup(text, nil)
	delete(variables, "") // "=value", which nothing can ask for
	if err == nil {
		return variables, nil
	}
	why := `write NAME=value. A name has letters, digits and any of "_.-[]", and no space; a value of several lines is in quotes`
	switch {
	case errors.As(err, new(*template.InvalidTemplateError)):
		why = `"${" begins no valid use of a variable: write ${NAME}, "$$" for a dollar sign, or the value in single quotes`
	case errors.As(err, new(*template.MissingRequiredError)):
		why = "the value requires a variable that has none: set that variable in a line above"
	case unclosedQuote.MatchString(err.Error()):
		why = `the value begins with a quote that is not closed: close it, or write a quote that belongs to the value as \" between double quotes`
	}
	return nil, fmt.Errorf("line %d cannot be read: %s", failingLine(strings.Split(text, "\n")), why)
}

// failingLine returns the number of the first line of the statement that cannot be read.
// The lines in compose-go's own errors are missing or those where a value ends.
func failingLine(lines []string) int {
	variables := map[string]string{}
	lookup := func(name string) (string, bool) { value, ok := variables[name]; return value, ok }
	start := 0
	for end := 1; end <= len(lines); end++ {
		some, err := dotenv.UnmarshalWithLookup(strings.Join(lines[start:end], "\n")+"\n", lookup)
		if err == nil {
			maps.Copy(variables, some)
			start = end
		}
	}
	return start + 1
}
