package run

import (
	"context"
	"sync"
)

// Answers remembers what was asked once, for the life of the provider's process:
// that is one plan or one apply, during which a tag must not change its meaning. What
// failed is remembered too, so that a registry that is away costs its time once.
// The zero value is ready. It is safe for concurrent use.
type Answers[T any] struct {
	mu    sync.Mutex // guards given
	given map[string]*answer[T]
}

// answer is written before known is closed, and read only after.
type answer[T any] struct {
	known chan struct{}
	value T
	err   error
}

// Get returns the answer for a key. The question goes on when the first caller is
// cancelled: others wait for the same answer.
func (a *Answers[T]) Get(ctx context.Context, key string, question func(context.Context) (T, error)) (T, error) {
	a.mu.Lock()
	one, asked := a.given[key]
	if !asked {
		if a.given == nil {
			a.given = map[string]*answer[T]{}
		}
		one = &answer[T]{known: make(chan struct{})}
		a.given[key] = one
		shared := context.WithoutCancel(ctx)
		go func() {
			defer close(one.known)
			one.value, one.err = question(shared)
		}()
	}
	a.mu.Unlock()
	select {
	case <-one.known:
		return one.value, one.err
	case <-ctx.Done():
		var nothing T
		return nothing, ctx.Err()
	}
}

// Asked reports whether a key was asked for.
func (a *Answers[T]) Asked(key string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	_, asked := a.given[key]
	return asked
}
