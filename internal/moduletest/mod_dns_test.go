package moduletest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/network"

	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/images"
)

func TestAccModule_DNSPihole_UnboundAnswersLocalNamesAndRefuses(t *testing.T) {
	trusting := "klutchell/unbound:trusting"
	Case{
		Module: "dns", Change: "unbound", Short: true,
		Prepare: func(t *testing.T, h *Homelabs) {
			h.loadResolver(t, trusting)
			h.SetImage(t, h.A, "unbound", trusting)
		},
		Check: func(t *testing.T, h *Homelabs) {
			for _, one := range []Homelab{h.A, h.B} {
				h.MustExec(t, one.Name, "unbound", "unbound-checkconf", "/etc/dns/unbound.conf")
				for query, want := range map[string]string{
					"nas.home.arpa A":          "nas.home.arpa.\t3600\tIN\tA\t10.0.20.9",
					"-x 10.0.20.9":             "9.20.0.10.in-addr.arpa.\t3600\tIN\tPTR\tnas.home.arpa.",
					"printer.lan A":            "printer.lan.\t3600\tIN\tA\t10.0.20.10",
					"six.lan AAAA":             "six.lan.\t3600\tIN\tAAAA\tfd00::9",
					"home.arpa A":              "home.arpa.\t3600\tIN\tA\t10.0.20.5",
					"anything.at.home.arpa A":  "anything.at.home.arpa.\t3600\tIN\tA\t10.0.20.5",
					"cloud.example A":          "cloud.example.\t3600\tIN\tA\t10.0.20.6",
					"printer.lan AAAA":         "rcode: NOERROR",
					"ads.example A":            "rcode: REFUSED",
					"deep.below.ads.example A": "rcode: REFUSED",
				} {
					words := append([]string{"drill", "-p", "5335", "@127.0.0.1"}, strings.Fields(query)...)
					if _, answer := h.Exec(t, one.Name, "unbound", words...); !strings.Contains(answer, want) {
						t.Errorf("%s is answered with\n%s\nnot %s", query, answer, want)
					}
				}
				h.requireGenerated(t, one, "pihole", "WEB_PASSWORD", 32)
				conn, err := h.Node.Dial(t.Context(), one.Port)
				if err != nil {
					t.Errorf("nobody listens for names on the node: %v", err)
					continue
				}
				conn.Close()
			}
			h.requireOverTLS(t, trusting)
		},
	}.Run(t)
}

// resolver answers for one name outside, and only over TLS.
const resolver = `
server:
    username: ""
    chroot: ""
    directory: "/tmp"
    pidfile: ""
    use-syslog: no
    do-ip6: no
    interface: 192.0.2.53@853
    access-control: 0.0.0.0/0 allow
    tls-service-key: /resolver/key.pem
    tls-service-pem: /resolver/chain.pem
    local-zone: "." static
    local-data: "outside.example.net. 3600 IN A 198.51.100.7"
`

// loadResolver makes an image of Unbound that trusts an authority of the test's, and
// has a resolver with its certificate.
func (h *Homelabs) loadResolver(t *testing.T, ref string) {
	t.Helper()
	m, err := makers()
	if err != nil {
		t.Fatal(err)
	}
	recipe, err := images.ReadRecipe("unbound")
	if err != nil {
		t.Fatal(err)
	}
	chain, key, _ := certificate(t)
	const bundle = "/etc/ssl/certs/ca-certificates.crt"
	delete(recipe.Links, bundle)
	recipe.Files[bundle], recipe.Files["/resolver/chain.pem"], recipe.Files["/resolver/key.pem"], recipe.Files["/resolver/unbound.conf"] = chain, chain, key, resolver
	img, err := recipe.Image(t.Context(), m.cache, ref, 0)
	if err == nil {
		err = images.Load(t.Context(), h.Engine, img)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// requireOverTLS checks that Unbound asks its upstream over TLS, and none whose
// certificate it does not trust, as that of homelab B does not.
func (h *Homelabs) requireOverTLS(t *testing.T, image string) {
	t.Helper()
	for _, one := range []Homelab{h.B, h.A} {
		h.runResolver(t, one, image, func() {
			ask := func() string {
				// The test's resolver signs nothing, and is not asked to.
				_, answer := h.Exec(t, one.Name, "unbound", "drill", "-o", "CD", "-p", "5335", "@127.0.0.1", "outside.example.net", "A")
				return answer
			}
			if one == h.B {
				if answer := ask(); strings.Contains(answer, "198.51.100.7") {
					t.Errorf("Unbound asks a resolver that it does not trust:\n%s", answer)
				}
				return
			}
			Eventually(t, "Unbound asks its upstream over TLS", func() error {
				if answer := ask(); !strings.Contains(answer, "198.51.100.7") {
					return errors.New(answer)
				}
				return nil
			})
		})
	}
}

// runResolver has the resolver in the network namespace of a homelab's Unbound while
// something else is done.
func (h *Homelabs) runResolver(t *testing.T, one Homelab, image string, do func()) {
	t.Helper()
	labels := map[string]string{"com.docker.compose.project": one.Name, "com.docker.compose.service": "resolver"}
	made, err := h.Engine.ContainerCreate(t.Context(), &container.Config{
		Image: image, Labels: labels,
		Entrypoint: []string{"/bin/busybox", "sh", "-c", "busybox ip address add 192.0.2.53/32 dev lo && exec unbound -d -v -c /resolver/unbound.conf"},
	}, &container.HostConfig{
		NetworkMode: container.NetworkMode("container:" + h.Container(t, one.Name, "pihole")), CapAdd: []string{"NET_ADMIN"},
	}, &network.NetworkingConfig{}, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := h.Engine.ContainerRemove(context.WithoutCancel(t.Context()), made.ID, container.RemoveOptions{Force: true, RemoveVolumes: true}); err != nil {
			t.Error(err)
		}
	}()
	if err := h.Engine.ContainerStart(t.Context(), made.ID, container.StartOptions{}); err != nil {
		t.Fatal(err)
	}
	Eventually(t, "the resolver starts", func() error {
		if logs := h.Logs(t, one.Name, "resolver"); !strings.Contains(logs, "start of service") {
			return errors.New(logs)
		}
		return nil
	})
	do()
}

func TestAccModule_DNSAdGuard_HasItsConfigurationAndReplica(t *testing.T) {
	Case{
		Module: "dns", Dir: "apply-adguard", Change: "sync",
		Check: func(t *testing.T, h *Homelabs) {
			one := h.B
			config := h.MustExec(t, one.Name, "adguard", "/bin/busybox", "cat", "/opt/adguardhome/conf/AdGuardHome.yaml")
			if !strings.Contains(config, `"domain": "*.home.arpa"`) || !strings.Contains(config, `"password": "$2y$10$abcdefghijklmnopqrstuuNNV8RZ7SB2d2LcgRC9vM7fnqTkkPbPq"`) {
				t.Errorf("AdGuard Home has\n%s", config)
			}
			environment := h.MustExec(t, one.Name, "sync", "/bin/busybox", "env")
			for _, want := range []string{"ORIGIN_PASSWORD=password of " + one.Name + "\n", "REPLICA1_PASSWORD=other of " + one.Name + "\n"} {
				if !strings.Contains(environment, want) {
					t.Errorf("the environment of sync is without %s:\n%s", want, environment)
				}
			}
			resp, err := h.HTTP(nil).Get(fmt.Sprintf("http://%s/login.html", net.JoinHostPort("node", fmt.Sprint(one.Port+1))))
			if err != nil || resp.StatusCode != http.StatusOK {
				t.Errorf("the interface: %v, %v", resp, err)
			}
		},
	}.Run(t)
}
