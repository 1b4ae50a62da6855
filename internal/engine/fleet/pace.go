package fleet

import "time"

// pace says when nodes are tried and for how long, so that many of them at once
// neither start nor give up in the same instant, and none takes longer than its
// timeout, counted from when the first of them was asked for.
type pace struct {
	// patience is how long an attempt may take before the other nodes are tried
	// too, whether or not anybody has asked for them yet: what is away is then
	// away for all of them at the same time and not one after the other.
	patience time.Duration
	jitter   func() float64 // at least 0, less than 1
}

// turn is when one attempt starts and how long it may take.
type turn struct{ delay, limit time.Duration }

// share is the part of a timeout that is left to chance.
const share = 10

// now is the turn of a node that somebody waits for.
func (p pace) now(c NodeConfig) turn {
	return turn{limit: c.ConnectTimeout - p.part(c)}
}

// soon is the turn of a node that nobody has asked for yet. It starts at most two
// tenths of its timeout after the attempt that was slow, and has the rest.
func (p pace) soon(c NodeConfig) turn {
	return turn{delay: p.part(c), limit: c.ConnectTimeout - 2*c.ConnectTimeout/share}
}

// part is a random part of a tenth of a node's timeout.
func (p pace) part(c NodeConfig) time.Duration {
	return time.Duration(p.jitter() * float64(c.ConnectTimeout/share))
}
