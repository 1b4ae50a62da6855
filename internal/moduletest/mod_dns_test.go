package moduletest

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
)

func TestAccModule_DNSPihole_UnboundAnswersLocalNamesAndRefuses(t *testing.T) {
	Case{
		Module: "dns", Change: "unbound", Short: true,
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
				conn, err := h.Node.Dial(t.Context(), one.Port)
				if err != nil {
					t.Errorf("nobody listens for names on the node: %v", err)
					continue
				}
				conn.Close()
			}
		},
	}.Run(t)
}

func TestAccModule_DNSAdGuard_HasItsConfigurationAndReplica(t *testing.T) {
	Case{
		Module: "dns", Dir: "apply-adguard", Change: "sync",
		Check: func(t *testing.T, h *Homelabs) {
			one := h.B
			config := h.MustExec(t, one.Name, "adguard", "/bin/busybox", "cat", "/opt/adguardhome/conf/AdGuardHome.yaml")
			if !strings.Contains(config, `"domain": "*.home.arpa"`) {
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
