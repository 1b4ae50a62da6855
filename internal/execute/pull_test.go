package execute

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
)

// streams answers the pulls of a reference with one body after the other; the
// last is repeated.
func streams(f *fake, ref string, bodies ...string) {
	n := 0
	f.stream = func(call string) string {
		if call != "pull "+ref {
			return ""
		}
		body := bodies[min(n, len(bodies)-1)]
		n++
		return body
	}
}

func failed(text string) string {
	return fmt.Sprintf(`{"status":"Pulling from app","id":"1"}`+"\n"+`{"errorDetail":{"message":%q},"error":%q}`, text, text)
}

// The texts are what engines write into the stream.
var passingFaults = map[string]string{
	"20.10, reset":               `Get "http://127.0.0.1:5000/v2/": read tcp 127.0.0.1:1->127.0.0.1:5000: read: connection reset by peer`,
	"20.10, end of stream":       `error pulling image configuration: unexpected EOF`,
	"20.10, end of answer":       `Get "https://registry-1.docker.io/v2/": EOF`,
	"20.10, timeout":             `Get "https://registry-1.docker.io/v2/": dial tcp 44.1.2.3:443: i/o timeout`,
	"20.10, handshake":           `Get "https://registry-1.docker.io/v2/": net/http: TLS handshake timeout`,
	"20.10, no answer":           `Get "https://ghcr.io/v2/": net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)`,
	"20.10, server":              `received unexpected HTTP status: 502 Bad Gateway`,
	"20.10, strange server":      `received unexpected HTTP status: 522 `,
	"20.10, odd body":            `error parsing HTTP 503 response body: invalid character '<' looking for beginning of value: "<html>"`,
	"20.10, cut layer":           `filesystem layer verification failed for digest sha256:0a`,
	"20.10, many requests":       `toomanyrequests: You have reached your pull rate limit.`,
	"29, many requests":          `unexpected status from HEAD request to https://registry-1.docker.io/v2/library/nginx/manifests/1: 429 Too Many Requests`,
	"29, server":                 `failed to copy: httpReadSeeker: failed open: unexpected status from GET request to https://ghcr.io/v2/a/blobs/sha256:0a: 520 <none>`,
	"29, short":                  `failed to copy: httpReadSeeker: failed read: unexpected EOF`,
	"29, refused":                `failed to resolve reference "127.0.0.1:5000/app:1": failed to do request: Head "http://127.0.0.1:5000/v2/app/manifests/1": dial tcp 127.0.0.1:5000: connect: connection refused`,
	"28, download gave up":       `download failed after attempts=6: unexpected EOF`,
	"name resolution":            `Get "https://registry.lan/v2/": dial tcp: lookup registry.lan: Temporary failure in name resolution`,
	"error of the registry, c8d": `error from registry: resource exhausted: retry-after: 1.2s, allowed: 44000/minute`,
}

var lastingRefusals = map[string]string{
	"20.10, tag":           `manifest for app:9 not found: manifest unknown: manifest unknown`,
	"20.10, repository":    `pull access denied for nope, repository does not exist or may require 'docker login': denied: requested access to the resource is denied`,
	"20.10, credentials":   `Get "http://127.0.0.1:5000/v2/app/manifests/1": no basic auth credentials`,
	"20.10, password":      `unauthorized: incorrect username or password`,
	"20.10, platform":      `no matching manifest for linux/s390x in the manifest list entries`,
	"29, tag":              `failed to resolve reference "127.0.0.1:5000/app:9": 127.0.0.1:5000/app:9: not found`,
	"29, platform":         `no matching manifest for linux/s390x in the manifest list entries: no match for platform in manifest sha256:0a: not found`,
	"name":                 `Get "https://registry.lna/v2/": dial tcp: lookup registry.lna: no such host`,
	"certificate":          `Get "https://registry.lan/v2/": x509: certificate signed by unknown authority`,
	"disk":                 `write /var/lib/docker/tmp/GetImageBlob1: no space left on device`,
	"refusal in an outage": `unauthorized: 503 tries left before the timeout exceeded`,
}

func TestPull_PassingFault_IsTriedAgain(t *testing.T) {
	for name, text := range passingFaults {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, p := pulls(pull("app:1"))
				f := &fake{}
				streams(f, "app:1", failed(text), failed(text), `{"status":"Status: Downloaded newer image for app:1"}`)
				if err := Run(t.Context(), f, w, p, Options{}); err != nil {
					t.Fatal(err)
				}
				wantCalls(t, f, "pull app:1", "pull app:1", "pull app:1")
			})
		})
	}
}

func TestPull_LastingRefusal_IsAskedOnce(t *testing.T) {
	for name, text := range lastingRefusals {
		t.Run(name, func(t *testing.T) {
			w, p := pulls(pull("app:1"))
			f := &fake{}
			streams(f, "app:1", failed(text))
			err := Run(t.Context(), f, w, p, Options{})
			if err == nil || !strings.Contains(err.Error(), text) || strings.Contains(err.Error(), "attempts)") {
				t.Errorf("error: %v", err)
			}
			wantCalls(t, f, "pull app:1")
		})
	}
}

func TestPull_FaultThatStays_IsGivenUpAfterAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, p := pulls(pull("app:1"))
		f := &fake{}
		streams(f, "app:1", failed("connection reset by peer"))
		began := time.Now()
		err := Run(t.Context(), f, w, p, Options{})
		if err == nil || !strings.Contains(err.Error(), "after 6 attempts") {
			t.Errorf("error: %v", err)
		}
		if n := len(f.called()); n != pullAttempts {
			t.Errorf("pulled %d times", n)
		}
		if took := time.Since(began); took < 15*time.Second || took > 47*time.Second {
			t.Errorf("took %s", took)
		}
	})
}

func TestPull_RegistryAsksToWait_WaitsThatLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, p := pulls(pull("app:1"))
		f := &fake{}
		streams(f, "app:1", failed("toomanyrequests: retry-after: 42s, allowed: 44000/minute"), "")
		began := time.Now()
		if err := Run(t.Context(), f, w, p, Options{}); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took < 42*time.Second || took > 44*time.Second {
			t.Errorf("took %s", took)
		}
	})
}

func TestPull_RegistryAsksToWaitForHours_IsNotWaitedFor(t *testing.T) {
	w, p := pulls(pull("app:1"))
	f := &fake{}
	streams(f, "app:1", failed("toomanyrequests: retry-after: 6h"))
	if err := Run(t.Context(), f, w, p, Options{}); err == nil || !strings.Contains(err.Error(), "retry-after: 6h") {
		t.Errorf("error: %v", err)
	}
	wantCalls(t, f, "pull app:1")
}

func TestPull_TimeIsUpWhileWaiting_EndsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		w, p := pulls(pull("app:1"))
		f := &fake{}
		streams(f, "app:1", failed("connection reset by peer"))
		began := time.Now()
		if err := Run(ctx, f, w, p, Options{}); err == nil || !strings.Contains(err.Error(), "connection reset") {
			t.Errorf("error: %v", err)
		}
		if took := time.Since(began); took != 100*time.Millisecond {
			t.Errorf("took %s", took)
		}
	})
}

// mirrors is a mirror of everything.
func mirrors(ref string) ([]string, error) {
	if name, ok := strings.CutPrefix(ref, "docker.io/library/"); ok {
		ref = name
	}
	return []string{"mirror.lan/docker/" + ref}, nil
}

func TestPull_Mirror_LeavesJustTheUsersName(t *testing.T) {
	w, p := pulls(pull("app:1"))
	f := &fake{}
	if err := Run(t.Context(), f, w, p, Options{Mirrors: mirrors}); err != nil {
		t.Fatal(err)
	}
	wantCalls(t, f, "pull mirror.lan/docker/app:1", "tag mirror.lan/docker/app:1 as app:1", "untag mirror.lan/docker/app:1")
}

func TestPull_MirrorsNameWasThereBefore_Stays(t *testing.T) {
	w, p := pulls(pull("app:1"))
	f := &fake{has: []string{"mirror.lan/docker/app:1"}}
	if err := Run(t.Context(), f, w, p, Options{Mirrors: mirrors}); err != nil {
		t.Fatal(err)
	}
	wantCalls(t, f, "pull mirror.lan/docker/app:1", "tag mirror.lan/docker/app:1 as app:1")
}

func TestPull_PlannedDigestThroughAMirror_IsExactlyThat(t *testing.T) {
	w, p := pulls(pull("app:1"))
	s := w.Services["app:1"]
	s.Image.Digest = "sha256:" + strings.Repeat("a", 64)
	w.Services["app:1"] = s
	f := &fake{}
	if err := Run(t.Context(), f, w, p, Options{Mirrors: mirrors}); err != nil {
		t.Fatal(err)
	}
	source := "mirror.lan/docker/app@" + s.Image.Digest
	wantCalls(t, f, "pull "+source, "tag "+source+" as app:1", "untag "+source)
}

func TestPull_MirrorAway_FallsBackToTheRegistryAndSaysSo(t *testing.T) {
	for _, text := range []string{"connection refused", "manifest unknown", "unauthorized"} {
		w, p := pulls(pull("app:1"))
		f := &fake{}
		streams(f, "mirror.lan/docker/app:1", failed(text))
		var told []string
		err := Run(t.Context(), f, w, p, Options{Mirrors: mirrors, Progress: func(_ context.Context, m string) { told = append(told, m) }})
		if err != nil {
			t.Fatal(err)
		}
		wantCalls(t, f, "pull mirror.lan/docker/app:1", "pull app:1")
		if !slices.Contains(told, "pull image app:1: the mirror's mirror.lan/docker/app:1 could not be used: "+text) {
			t.Errorf("told: %q", told)
		}
	}
}

func TestPull_MirrorAndRegistryRefuse_NamesBoth(t *testing.T) {
	w, p := pulls(pull("app:1"))
	f := &fake{stream: func(string) string { return failed("manifest unknown") }}
	err := Run(t.Context(), f, w, p, Options{Mirrors: mirrors})
	if err == nil || !strings.Contains(err.Error(), "mirror mirror.lan/docker/app:1: manifest unknown\nmanifest unknown") {
		t.Errorf("error: %v", err)
	}
	wantCalls(t, f, "pull mirror.lan/docker/app:1", "pull app:1")
}

// Engines name by digest only what they pulled under that very name.
func TestPull_ReferenceWithDigest_IsNamedByItsOwnRegistry(t *testing.T) {
	ref := "app:1@sha256:" + strings.Repeat("a", 64)
	w, p := pulls(pull(ref))
	f := &fake{}
	if err := Run(t.Context(), f, w, p, Options{Mirrors: mirrors}); err != nil {
		t.Fatal(err)
	}
	wantCalls(t, f, "pull mirror.lan/docker/"+ref, "pull "+ref, "untag mirror.lan/docker/"+ref)
}

func TestPull_ReferenceWithDigestToFollow_IsNotTagged(t *testing.T) {
	digest := "sha256:" + strings.Repeat("a", 64)
	w, p := pulls(pull("app@" + digest))
	s := w.Services["app@"+digest]
	s.Image.Digest = digest
	w.Services["app@"+digest] = s
	f := &fake{}
	if err := Run(t.Context(), f, w, p, Options{}); err != nil {
		t.Fatal(err)
	}
	wantCalls(t, f, "pull docker.io/library/app@"+digest)
}

func TestPull_Credentials_AreThoseOfTheSource(t *testing.T) {
	w, p := pulls(pull("app:1"))
	f := &fake{}
	streams(f, "mirror.lan/docker/app:1", failed("connection refused"))
	var mu sync.Mutex
	var asked []string
	auth := func(_ context.Context, ref string) (string, error) {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, ref)
		return "secret of " + ref, nil
	}
	if err := Run(t.Context(), f, w, p, Options{Mirrors: mirrors, Auth: auth}); err != nil {
		t.Fatal(err)
	}
	if want := []string{"mirror.lan/docker/app:1", "app:1"}; !slices.Equal(asked, want) {
		t.Errorf("asked for %q", asked)
	}
	if want := []string{"secret of mirror.lan/docker/app:1", "secret of app:1"}; !slices.Equal(f.auths, want) {
		t.Errorf("sent %q", f.auths)
	}
}

func TestPull_Denied_SaysWithWhichCredentials(t *testing.T) {
	source := func(_ context.Context, ref string) string { return "the credentials of " + ref }
	for text, want := range map[string]string{
		"unauthorized: authentication required":                              "unauthorized: authentication required (it was asked with the credentials of app:1)",
		"pull access denied for app, repository does not exist":              "does not exist (it was asked with the credentials of app:1)",
		`Head "https://r.lan/v2/app/manifests/1": no basic auth credentials`: "no basic auth credentials (it was asked with the credentials of app:1)",
		"manifest unknown": "manifest unknown",
	} {
		w, p := pulls(pull("app:1"))
		f := &fake{}
		streams(f, "app:1", failed(text))
		err := Run(t.Context(), f, w, p, Options{AuthSource: source})
		if err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestPull_Several_AreUnderWayAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, p := pulls(pull("a"), pull("b"), pull("c"), pull("d"))
		f := &fake{fault: func(context.Context, string) error { time.Sleep(time.Minute); return nil }}
		began := time.Now()
		if err := Run(t.Context(), f, w, p, Options{}); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took != time.Minute {
			t.Errorf("took %s", took)
		}
	})
}

// A large image has thousands of messages.
func TestPull_Progress_IsALineASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var lines []string
		p := newPullProgress(func(line string) { lines = append(lines, line) })
		p.take(message{Status: "Pulling from library/app", ID: "1"})
		for _, id := range []string{"aaa", "bbb", "ccc"} {
			p.take(message{Status: "Pulling fs layer", ID: id})
		}
		p.take(message{Status: "Already exists", ID: "ccc"})
		for i := range 300 { // 3 s
			time.Sleep(10 * time.Millisecond)
			m := message{Status: "Downloading", ID: "aaa"}
			m.ProgressDetail.Current, m.ProgressDetail.Total = int64(i+1)*1e6, 300e6
			p.take(m)
		}
		p.take(message{Status: "Pull complete", ID: "aaa"})
		p.take(message{Status: "Digest: sha256:abc"})
		p.take(message{Status: "Status: Downloaded newer image for app:1"})
		want := []string{
			"1: Pulling from library/app",
			"1 of 3 layers fetched, 1 ready, 100MB of 300MB",
			"1 of 3 layers fetched, 1 ready, 200MB of 300MB",
			"1 of 3 layers fetched, 1 ready, 300MB of 300MB",
			"Status: Downloaded newer image for app:1",
		}
		if !slices.Equal(lines, want) {
			t.Errorf("lines:\n%s", strings.Join(lines, "\n"))
		}
		if p.digest != "sha256:abc" {
			t.Errorf("digest %q", p.digest)
		}
	})
}

func TestImageDigest_Label_IsThePlannedThePulledOrTheKnownOne(t *testing.T) {
	r := newRun(&fake{}, nil, &plan.Plan{}, Options{Digests: map[string]string{"known:1": "sha256:known"}})
	r.noteDigest("pulled:1", "sha256:pulled")
	for want, img := range map[string]desired.Image{
		"sha256:planned": {Reference: "pulled:1", Digest: "sha256:planned"},
		"sha256:pulled":  {Reference: "pulled:1"},
		"sha256:known":   {Reference: "known:1"},
		"sha256:listed":  {Reference: "other:1"},
		"sha256:built":   {Reference: "known:1", Build: &desired.Build{}},
	} {
		listed := "other@sha256:listed"
		if img.Build != nil {
			listed = "known@sha256:built"
		}
		if got := r.imageDigest(&desired.Service{Image: img}, []string{listed}); got != want {
			t.Errorf("%+v: %s, want %s", img, got, want)
		}
	}
}
