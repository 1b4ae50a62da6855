package survey

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// Step is one thing that is tried with a project.
type Step string

// The steps in their order. Those before Loads are about the project: one that Docker
// Compose itself cannot run is no measure of the provider.
const (
	Readable    Step = "Docker Compose loads it"
	Composed    Step = "Docker Compose brings it up"
	Loads       Step = "loads"
	Plans       Step = "plans"
	Applies     Step = "applies at the first try"
	Settled     Step = "plan empty after it"
	Equal       Step = "equal to Docker Compose"
	UpAgain     Step = "docker compose up -d changes nothing"
	Destroyed   Step = "destroyed to nothing"
	Adopted     Step = "adopted without a recreation"
	AdoptedRest Step = "plan empty after the adoption"
)

// Steps are all steps in their order.
var Steps = []Step{Readable, Composed, Loads, Plans, Applies, Settled, Equal, UpAgain, Destroyed, Adopted, AdoptedRest}

// Result is what came of one project.
type Result struct {
	ID       string `json:"id"`
	Services int    `json:"services"`
	// Relative is set if it mounts a path of its own folder.
	Relative bool `json:"relative"`
	// Steps has for each step that was tried the causes of its failure; none means that
	// it succeeded.
	Steps map[Step][]string `json:"steps"`
	// Notes say what was done to the project beside what is always done.
	Notes []string `json:"notes,omitempty"`
	// Seconds is how long it took.
	Seconds float64 `json:"seconds"`
}

// Fail adds a step that failed, with its causes.
func (r *Result) Fail(step Step, causes ...string) {
	r.Steps[step] = append(r.Steps[step], causes...)
}

// Pass adds a step that succeeded.
func (r *Result) Pass(step Step) { r.Steps[step] = append([]string{}, r.Steps[step]...) }

// Passed reports whether a step was tried and succeeded.
func (r *Result) Passed(step Step) bool {
	causes, tried := r.Steps[step]
	return tried && len(causes) == 0
}

// Results are a file of results, one JSON object a line. It is safe for concurrent
// use.
type Results struct {
	path string
	mu   sync.Mutex // guards all and the file
	all  map[string]Result
}

// OpenResults reads the file, which may be missing.
func OpenResults(path string) (*Results, error) {
	r := &Results{path: path, all: map[string]Result{}}
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return r, os.MkdirAll(filepath.Dir(path), 0o755)
	}
	if err != nil {
		return nil, fmt.Errorf("read results: %w", err)
	}
	defer file.Close()
	for decoder := json.NewDecoder(file); decoder.More(); {
		var one Result
		if err := decoder.Decode(&one); err != nil {
			return r, nil // the survey was ended while it wrote the last line
		}
		r.all[one.ID] = one
	}
	return r, nil
}

// Has reports whether a project has a result.
func (r *Results) Has(id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, ok := r.all[id]
	return ok
}

// Add writes a result to the file.
func (r *Results) Add(one Result) error {
	line, err := json.Marshal(one)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all[one.ID] = one
	file, err := os.OpenFile(r.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("write results: %w", err)
	}
	_, err = file.Write(append(line, '\n'))
	return errors.Join(err, file.Close())
}
