package execute

import (
	"fmt"
	"strings"
	"time"

	"github.com/docker/go-units"
)

// progressEvery is how often a pull reports its progress.
const progressEvery = time.Second

// pullProgress turns the many messages of a pull into a few lines: a line when
// the layers are known, one each second while they come, and the engine's own
// last message. It is used by one goroutine.
type pullProgress struct {
	report func(string)
	digest string // "sha256:…", once the engine has reported it

	layers map[string]layer
	said   time.Time
	last   string
}

// layer is how far one layer has got.
type layer struct {
	current, total int64 // bytes
	fetched, ready bool
	retrying       bool
}

func newPullProgress(report func(string)) *pullProgress {
	return &pullProgress{report: report, layers: map[string]layer{}}
}

// take reads one message of the stream.
func (p *pullProgress) take(m message) {
	if digest, ok := strings.CutPrefix(m.Status, "Digest: "); ok {
		p.digest = digest
		return
	}
	if m.ID == "" || !p.layer(m) {
		if line := strings.TrimSpace(m.line()); line != "" {
			p.say(line)
		}
		return
	}
	if time.Since(p.said) >= progressEvery {
		p.say(p.summary())
	}
}

// layer notes a message about a layer; false means that it is about none.
func (p *pullProgress) layer(m message) bool {
	l := p.layers[m.ID]
	l.retrying = false
	switch {
	case m.Status == "Pulling fs layer", m.Status == "Waiting":
	case m.Status == "Downloading":
		l.current, l.total = m.ProgressDetail.Current, max(m.ProgressDetail.Total, l.total)
	case m.Status == "Verifying Checksum", m.Status == "Download complete":
		l.current, l.fetched = max(l.current, l.total), true
	case m.Status == "Extracting":
		l.current, l.fetched = max(l.current, l.total), true
	case m.Status == "Pull complete", m.Status == "Already exists":
		l.current, l.fetched, l.ready = max(l.current, l.total), true, true
	case strings.HasPrefix(m.Status, "Retrying in"):
		l.current, l.retrying = 0, true
	default:
		return false
	}
	p.layers[m.ID] = l
	return true
}

// summary is all layers in one line.
func (p *pullProgress) summary() string {
	var fetched, ready, retrying int
	var current, total int64
	for _, l := range p.layers {
		current, total = current+l.current, total+max(l.total, l.current)
		for counter, is := range map[*int]bool{&fetched: l.fetched, &ready: l.ready, &retrying: l.retrying} {
			if is {
				*counter++
			}
		}
	}
	line := fmt.Sprintf("%d of %d layers fetched, %d ready", fetched, len(p.layers), ready)
	if total > 0 {
		line += fmt.Sprintf(", %s of %s", units.HumanSize(float64(current)), units.HumanSize(float64(total)))
	}
	if retrying > 0 {
		line += fmt.Sprintf("; the engine tries %d again", retrying)
	}
	return line
}

// say reports a line unless it was the last one.
func (p *pullProgress) say(line string) {
	p.said = time.Now()
	if line != p.last {
		p.report(line)
	}
	p.last = line
}
