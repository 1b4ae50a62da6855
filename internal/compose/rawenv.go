package compose

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/compose-spec/compose-go/v2/dotenv"
)

// compose-go knows its own format of environment files only and has others
// registered, for the complete process; a map that is read by every load has to be
// complete before the first one.
func init() { dotenv.RegisterFormat("raw", readRawEnv) }

// readRawEnv reads an environment file as "docker run --env-file" does: each line
// is KEY=VALUE, the value unchanged, or a KEY whose value lookup has. Errors
// name the line and never quote it.
func readRawEnv(r io.Reader, file string, variables map[string]string, lookup func(string) (string, bool)) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, bufio.MaxScanTokenSize)
	for number := 1; lines.Scan(); number++ {
		line := lines.Text()
		if number == 1 {
			line = strings.TrimPrefix(line, "\ufeff")
		}
		if !utf8.ValidString(line) {
			return fmt.Errorf("env_file %s: line %d is not UTF-8 text", file, number)
		}
		line = strings.TrimLeftFunc(line, unicode.IsSpace) // what trails belongs to the value
		if line == "" || line[0] == '#' {
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		if key == "" || strings.ContainsAny(key, " \t") {
			return fmt.Errorf("env_file %s: line %d: the name of a variable must be something without spaces", file, number)
		}
		if !ok {
			value, ok = lookup(key)
		}
		if ok {
			variables[key] = value
		}
	}
	return lines.Err()
}
