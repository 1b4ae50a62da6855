package acctest

import (
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Tokens that the stand-in for a Portainer knows.
const (
	// PortainerToken is an administrator's.
	PortainerToken = "ptr_c2VjcmV0LW9mLXRoZS1hZG1pbg"
	// PortainerGuestToken is that of a user who may use no environment.
	PortainerGuestToken = "ptr_c2VjcmV0LW9mLWEtZ3Vlc3Q"
	// PortainerEnvironment is the only environment's number.
	PortainerEnvironment = 3
)

// Portainer stands in for a Portainer with one environment.
type Portainer struct {
	// Host is the environment as a node's host, and CA the certificate to trust.
	Host, CA string

	mu    sync.Mutex
	asked []string // guarded by mu: "METHOD path" of what was proxied
	fail  []int    // guarded by mu: status codes to answer with next
}

var (
	portainerRoute = regexp.MustCompile(`^/api/endpoints/([^/]+)/docker(/.*)$`)
	apiVersion     = regexp.MustCompile(`^/v[0-9]+\.[0-9]+/`)
	// portainerHeaders are what Portainer passes on to an environment
	// (portainer/portainer, api/http/proxy/factory/reverse_proxy.go).
	portainerHeaders = []string{
		"Accept", "Accept-Encoding", "Accept-Language", "Cache-Control", "Content-Length", "Content-Type",
		"Private-Token", "User-Agent", "X-Portaineragent-Target", "X-Portainer-Volumename", "X-Registry-Auth", "X-Stream-Protocol-Version",
	}
)

// StartPortainer runs a stand-in in front of the engine at a host
// ("unix:///…"), which speaks Portainer's API as far as its documentation says
// (https://docs.portainer.io/api): the path /api/endpoints/<id>/docker, the header
// X-API-Key, and errors 401, 403 and 404 with a JSON body. As Portainer does, it
// removes the API's version, drops headers that it does not know and hands over
// no connection.
func StartPortainer(t testing.TB, engine string) *Portainer {
	t.Helper()
	p := &Portainer{}
	proxy := forward(engine)
	rewrite := proxy.Rewrite
	proxy.Rewrite = func(r *httputil.ProxyRequest) {
		rewrite(r)
		r.Out.URL.Path = portainerRoute.FindStringSubmatch(r.In.URL.Path)[2]
		r.Out.URL.Path = apiVersion.ReplaceAllString(r.Out.URL.Path, "/")
		for name := range r.Out.Header {
			if !slices.Contains(portainerHeaders, name) {
				delete(r.Out.Header, name)
			}
		}
	}
	s := httptest.NewUnstartedServer(p.guard(proxy))
	s.Config.ErrorLog = quiet()
	s.StartTLS()
	t.Cleanup(s.Close)
	p.Host = fmt.Sprintf("portainer+https://%s/endpoints/%d", s.Listener.Addr(), PortainerEnvironment)
	p.CA = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}))
	return p
}

// Fail has the next requests answered with these status codes by what is before
// the environment.
func (p *Portainer) Fail(codes ...int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fail = codes
}

// Asked returns "METHOD path" of all that was passed on to the engine.
func (p *Portainer) Asked() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.asked)
}

func (p *Portainer) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		route := portainerRoute.FindStringSubmatch(r.URL.Path)
		switch token := r.Header.Get("X-API-Key"); {
		case route == nil:
			http.NotFound(w, r)
		case token == "":
			refuse(w, http.StatusUnauthorized, "A valid authorization token is missing", "Unauthorized")
		case token != PortainerToken && token != PortainerGuestToken:
			refuse(w, http.StatusUnauthorized, "Invalid JWT token", "Unauthorized")
		case route[1] != fmt.Sprint(PortainerEnvironment):
			refuse(w, http.StatusNotFound, "Unable to find an environment with the specified identifier inside the database", "object not found inside the database")
		case token == PortainerGuestToken:
			refuse(w, http.StatusForbidden, "Permission denied to access environment", "Access denied to environment")
		case p.fails(w):
		default:
			p.mu.Lock()
			p.asked = append(p.asked, r.Method+" "+route[2])
			p.mu.Unlock()
			next.ServeHTTP(w, r)
		}
	})
}

// fails answers with the next failure, if any is due.
func (p *Portainer) fails(w http.ResponseWriter) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.fail) == 0 {
		return false
	}
	code := p.fail[0]
	p.fail = p.fail[1:]
	refuse(w, code, "Unable to proxy the request via the Docker socket", strings.ToLower(http.StatusText(code)))
	return true
}

func refuse(w http.ResponseWriter, code int, message, details string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(map[string]string{"message": message, "details": details}) // the client may be gone
}
