package compose

import (
	"strings"

	"github.com/compose-spec/compose-go/v2/interpolation"
	"github.com/compose-spec/compose-go/v2/tree"
)

// casts are compose-go's conversions of texts to numbers and booleans, without its
// notes in a log.
func casts(all map[tree.Path]interpolation.Cast) map[tree.Path]interpolation.Cast {
	casts := map[tree.Path]interpolation.Cast{
		tree.NewPath("include", tree.PathMatchList): includeCast,
	}
	for path, cast := range all {
		casts[path] = quiet(cast)
	}
	return casts
}

// quiet accepts YAML 1.1's other booleans without compose-go's note in a
// process-wide log, which would show the value.
func quiet(cast interpolation.Cast) interpolation.Cast {
	return func(value string) (any, error) {
		if word, ok := yamlBooleans[strings.ToLower(value)]; ok {
			if b, err := cast(word); err == nil {
				return b, nil
			}
		}
		return cast(value)
	}
}

// yamlBooleans are the booleans that compose-go notes, in lower case.
var yamlBooleans = map[string]string{
	"y": "true", "yes": "true", "on": "true",
	"n": "false", "no": "false", "off": "false",
}
