package fleet

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"testing"
)

func TestExplain_RequestsAddress_IsNotShown(t *testing.T) {
	request := func(cause error) error {
		return fmt.Errorf("stop container: %w", &url.Error{Op: "Post", URL: "http://%2Ftmp%2Fdocker.sock/v1.41/containers/d79769/stop?t=10", Err: cause})
	}
	registry := errors.New(`Get "https://registry-1.docker.io/v2/": net/http: TLS handshake timeout`)
	for want, err := range map[string]error{
		"stop container: interrupted":    request(context.Canceled),
		"stop container: time was up":    request(context.DeadlineExceeded),
		"stop container: unexpected EOF": request(errors.New("unexpected EOF")),
		registry.Error():                 registry,
	} {
		got := (&Node{}).Explain(err)
		if got.Error() != want || !errors.Is(got, err) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if err := (&Node{}).Explain(request(context.Canceled)); !errors.Is(err, context.Canceled) {
		t.Errorf("no cancellation: %v", err)
	}
}
