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
	Stream      string `json:"stream"`
	Status      string `json:"status"`
	ID          string `json:"id"`
	Error       string `json:"error"`
	ErrorDetail *struct {
		Message string `json:"message"`
	} `json:"errorDetail"`
}

// readStream reads a progress stream to its end and returns the error that it
// carries, if any. Each line of progress is given to tell, which may be nil.
func readStream(body io.Reader, tell func(string)) error {
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
		if line := m.line(); line != "" && tell != nil {
			tell(line)
		}
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
