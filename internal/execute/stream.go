package execute

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// message is one line of the engine's progress streams (Engine API, "stream of
// JSON objects" of image create and build).
type message struct {
	Stream         string `json:"stream"`
	Status         string `json:"status"`
	ID             string `json:"id"`
	ProgressDetail struct {
		Current int64 `json:"current"`
		Total   int64 `json:"total"`
	} `json:"progressDetail"`
	Error       string `json:"error"`
	ErrorDetail *struct {
		Message string `json:"message"`
	} `json:"errorDetail"`
}

// readStream reads a progress stream to its end and returns the error that it
// carries, if any. Each line of progress is given to report, which may be nil.
func readStream(body io.Reader, report func(string)) error {
	return readMessages(body, func(m message) {
		if line := m.line(); line != "" && report != nil {
			report(line)
		}
	})
}

// readMessages is readStream for callers that need the complete messages.
func readMessages(body io.Reader, take func(message)) error {
	decoder := json.NewDecoder(body)
	for {
		var m message
		err := decoder.Decode(&m)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read progress: %w", err)
		}
		if m.ErrorDetail != nil && m.ErrorDetail.Message != "" {
			return errors.New(m.ErrorDetail.Message)
		}
		if m.Error != "" {
			return errors.New(m.Error)
		}
		take(m)
	}
}

func (m message) line() string {
	if m.Stream != "" {
		return strings.TrimSpace(m.Stream)
	}
	if m.ID != "" {
		return m.ID + ": " + m.Status
	}
	return m.Status
}
