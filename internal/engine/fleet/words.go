package fleet

import (
	"context"
	"errors"
	"regexp"
	"strings"
)

// request is how package net/http begins an error about a request: with its address,
// which says nothing to a person. Engines quote addresses of registries in the same
// way; theirs have no version of the engine's API.
var request = regexp.MustCompile(`(Get|Head|Post|Put|Delete|Patch) "[a-z]+://[^"]*/v1\.[0-9]+/[^"]*": `)

// plain is an error's text without the addresses of requests to an engine.
func plain(err error) string {
	text := request.ReplaceAllString(err.Error(), "")
	for cause, word := range map[error]string{context.Canceled: "interrupted", context.DeadlineExceeded: "time was up"} {
		if errors.Is(err, cause) {
			text = strings.ReplaceAll(text, cause.Error(), word)
		}
	}
	return text
}

// callError is an error with a message for users.
type callError struct {
	text string
	err  error
}

func (e *callError) Error() string { return e.text }

func (e *callError) Unwrap() error { return e.err }

// reworded is err with its plain text; err itself where that is the same.
func reworded(err error) error {
	if text := plain(err); text != err.Error() {
		return &callError{text, err}
	}
	return err
}
