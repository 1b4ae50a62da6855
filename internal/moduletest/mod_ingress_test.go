package moduletest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// certificate makes a certificate for all hosts of home.arpa: its PEM, its key's, and
// who trusts it.
func certificate(t *testing.T) (chain, key string, trust *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "home.arpa"}, DNSNames: []string{"home.arpa", "*.home.arpa"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	chain = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	trust = x509.NewCertPool()
	trust.AppendCertsFromPEM([]byte(chain))
	return chain, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})), trust
}

func TestAccModule_IngressNginx_ServesOverTLSWithHeadersAndRate(t *testing.T) {
	chain, key, trust := certificate(t)
	Case{
		Module: "ingress", Change: "nginx", Running: []string{"bad"},
		Extra:  map[string]string{"caddy:2.10.2": "caddy"},
		Inputs: map[string]any{"chain": chain, "key": key},
		Check: func(t *testing.T, h *Homelabs) {
			for _, one := range []Homelab{h.A, h.B} {
				h.MustExec(t, one.Name, "nginx", "nginx", "-t", "-c", "/tmp/nginx.conf")
				h.MustExec(t, one.Name, "nginx", "nginx", "-t", "-c", "/etc/ingress/challenge.conf")
			}
			checkGateway(t, h, h.B, trust)
			checkRate(t, h, h.A, trust)
			log := h.MustExec(t, h.A.Name, "nginx", "cat", "/var/log/ingress/access.log")
			if !strings.Contains(log, `"GET / HTTP/1.1" 429 `) {
				t.Errorf("the access log says\n%s", log)
			}
		},
	}.Run(t)
}

// ask sends a request with headers to the gateway, over TLS.
func ask(client *http.Client, one Homelab, path string, headers ...string) (*http.Response, string, error) {
	req, err := http.NewRequest(http.MethodGet, fmt.Sprintf("https://app.home.arpa:%d%s", one.Port+1, path), nil)
	if err != nil {
		return nil, "", err
	}
	req.Host = "app.home.arpa"
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp, string(body), err
}

// checkGateway asks what has a good and a bad container behind it.
func checkGateway(t *testing.T, h *Homelabs, one Homelab, trust *x509.CertPool) {
	t.Helper()
	client := h.HTTP(trust)
	for range 6 { // the bad one would be met in half of them
		resp, body, err := ask(client, one, "/", "X-Forwarded-For", "6.6.6.6", "Remote-User", "root", "Upgrade", "websocket", "Connection", "Upgrade")
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != 200 || !strings.Contains(body, " proto=https host=app.home.arpa upgrade=websocket connection=upgrade id="+resp.Header.Get("X-Request-ID")+" user=") ||
			strings.Contains(body, "6.6.6.6") || strings.Contains(body, "user=root") {
			t.Errorf("the upstream got %s (%d)", body, resp.StatusCode)
		}
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "X-Frame-Options": "SAMEORIGIN", "Referrer-Policy": "strict-origin-when-cross-origin",
			"Strict-Transport-Security": "max-age=31536000; includeSubDomains", "Content-Security-Policy": "default-src 'self'",
		} {
			if got := resp.Header.Get(name); got != want {
				t.Errorf("%s is %q, not %q", name, got, want)
			}
		}
	}
	resp, _, err := ask(client, one, "/large", "Accept-Encoding", "gzip")
	if err != nil || resp.Header.Get("Content-Encoding") != "gzip" {
		t.Errorf("2000 bytes of text come as %v, %v", resp, err)
	}
	plain, err := h.HTTP(nil).Get(fmt.Sprintf("http://node:%d/x?y=1", one.Port))
	if err != nil || plain.StatusCode != http.StatusPermanentRedirect || plain.Header.Get("Location") != "https://node/x?y=1" {
		t.Errorf("without TLS: %v, %v", plain, err)
	}
	if resp, err := h.HTTP(nil).Get(fmt.Sprintf("https://other.home.arpa:%d/", one.Port+1)); err == nil {
		t.Errorf("a host that nobody serves gets %s", resp.Status)
	}
}

// checkRate sends more requests at once than an address may, again where the machine
// was too slow to be faster than what is allowed.
func checkRate(t *testing.T, h *Homelabs, one Homelab, trust *x509.CertPool) {
	t.Helper()
	burst := int32(30) // which nobody has used yet
	Eventually(t, "an address is held to its rate", func() error {
		var served, refused atomic.Int32
		var group sync.WaitGroup
		for range 10 {
			group.Go(func() {
				client := h.HTTP(trust)
				for range 15 {
					resp, _, err := ask(client, one, "/")
					switch {
					case err != nil:
						t.Error(err)
					case resp.StatusCode == http.StatusOK:
						served.Add(1)
					case resp.StatusCode == http.StatusTooManyRequests:
						refused.Add(1)
					}
				}
			})
		}
		group.Wait()
		if served.Load()+refused.Load() != 150 {
			t.Errorf("of 150 requests %d were served and %d refused: the others had another answer", served.Load(), refused.Load())
		}
		if served.Load() < burst {
			t.Errorf("of 150 requests %d were served, with a burst of %d", served.Load(), burst)
		}
		burst = 0
		if refused.Load() == 0 {
			return errors.New("of 150 requests none was refused")
		}
		return nil
	})
}

func TestAccModule_IngressNginx_StartsWithoutItsCertificateAndLoadsIt(t *testing.T) {
	chain, key, trust := certificate(t)
	Case{
		Module: "ingress", Dir: "apply-acme", Change: "certbot",
		Check: func(t *testing.T, h *Homelabs) {
			one := h.A
			if _, _, err := ask(h.HTTP(trust), one, "/"); err == nil {
				t.Error("TLS is there before the certificate")
			}
			volumes := filepath.Join(h.Node.Root, "var/lib/docker/volumes")
			live := filepath.Join(volumes, one.Name+"_letsencrypt/_data/live", one.Name)
			challenge := filepath.Join(volumes, one.Name+"_webroot/_data/.well-known/acme-challenge")
			// The key comes first: nginx loads both when the certificate is there.
			for _, f := range [][2]string{
				{filepath.Join(challenge, "token"), "proof"}, {filepath.Join(live, "privkey.pem"), key}, {filepath.Join(live, "fullchain.pem"), chain},
			} {
				err := os.MkdirAll(filepath.Dir(f[0]), 0o755)
				if err == nil {
					err = os.WriteFile(f[0], []byte(f[1]), 0o644)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			if code, body := h.get(t, fmt.Sprintf("http://node:%d/.well-known/acme-challenge/token", one.Port)); code != 200 || body != "proof" {
				t.Errorf("the challenge is answered with %d %s", code, body)
			}
			Eventually(t, "nginx loads the certificate", func() error {
				resp, _, err := ask(h.HTTP(trust), one, "/")
				if err == nil && resp.StatusCode != http.StatusBadGateway {
					err = errors.New(resp.Status)
				}
				return err
			})
			if logs := h.Logs(t, one.Name, "certbot"); !strings.Contains(logs, "stand-in for certbot/certbot: done") {
				t.Errorf("certbot says %s", logs)
			}
		},
	}.Run(t)
}

func TestAccModule_IngressTraefik(t *testing.T) {
	Case{
		Module: "ingress", Dir: "apply-traefik", Change: "traefik",
		Check: func(t *testing.T, h *Homelabs) {
			for _, one := range []Homelab{h.A, h.B} {
				c, err := h.Engine.ContainerInspect(t.Context(), h.Container(t, one.Name, "traefik"))
				if err != nil {
					t.Fatal(err)
				}
				for _, network := range []string{one.Name, one.Name + "-other", one.Name + "_engine"} {
					if c.NetworkSettings.Networks[network] == nil {
						t.Errorf("Traefik is not on network %s", network)
					}
				}
				if token := h.MustExec(t, one.Name, "traefik", "cat", "/run/secrets/CF_DNS_API_TOKEN"); token != "token of "+one.Name {
					t.Errorf("the token is %q", token)
				}
				h.MustExec(t, one.Name, "traefik", "wget", "-q", "-O", "-", "http://web:8080/")
				web, err := h.Engine.ContainerInspect(t.Context(), h.Container(t, one.Name+"-web", "web"))
				if err != nil {
					t.Fatal(err)
				}
				config := h.MustExec(t, one.Name, "traefik", "cat", "/etc/traefik/traefik.yaml")
				if want := "Label(`homelab.ingress`, `" + web.Config.Labels["homelab.ingress"] + "`)"; !strings.Contains(config, want) {
					t.Errorf("Traefik looks for others than %s:\n%s", want, config)
				}
			}
		},
	}.Run(t)
}

func TestAccModule_IngressProxyManager(t *testing.T) {
	Case{
		Module: "ingress", Dir: "apply-npm", Change: "npm",
		Check: func(t *testing.T, h *Homelabs) {
			for _, one := range []Homelab{h.A, h.B} {
				h.requireGenerated(t, one, "npm", "ADMIN_PASSWORD", 32)
			}
			// Its interface is for the node alone.
			if conn, err := h.Node.Dial(t.Context(), h.A.Port+2); err == nil {
				conn.Close()
				t.Error("the interface can be reached from outside the node")
			}
		},
	}.Run(t)
}
