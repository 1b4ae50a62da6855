package registry

import (
	"context"
	"errors"
	"sync"
	"testing"
)

func TestLookup_CancelledWhileAnotherRunsTheHelper_ReturnsAtOnce(t *testing.T) {
	one := (&keychain{}).entry("helper host")
	running, ended := make(chan struct{}), make(chan struct{})
	var group sync.WaitGroup
	group.Go(func() {
		_, _ = one.get(t.Context(), func() (found, error) {
			close(running)
			<-ended
			return found{}, nil
		})
	})
	<-running
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := one.get(ctx, func() (found, error) { panic("the helper runs twice") }); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	close(ended)
	group.Wait()
}
