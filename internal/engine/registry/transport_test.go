package registry

import (
	"errors"
	"net/http"
	"testing"
	"time"
)

func TestTransport_PlainHTTPToAnotherMachine_IsRefused(t *testing.T) {
	rt := newTransport(retryLimits{shortest: time.Millisecond, longest: time.Millisecond})
	for _, address := range []string{"http://10.0.2.20:5000/v2/", "http://registry.local/v2/", "http://localhost.evil.example/v2/"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := rt.RoundTrip(req)
		if err == nil {
			_ = resp.Body.Close()
		}
		if !errors.Is(err, errPlainHTTP) {
			t.Errorf("%s: got %v", address, err)
		}
	}
}
