package moduletest

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

func TestAccModule_Security(t *testing.T) {
	chain, key, _ := certificate(t)
	Case{
		Module: "security", Change: "netalertx", Completed: []string{"kernel", "logs", "wazuh-certificates"}, Running: []string{"attacker", "visitor"},
		Uses:   []string{"ingress"},
		Inputs: map[string]any{"chain": chain, "key": key},
		Check: func(t *testing.T, h *Homelabs) {
			for _, one := range []Homelab{h.A, h.B} {
				h.requireServed(t, one, "visitor")
				h.requireServed(t, one, "attacker")
				h.requireSSHJailBans(t, one)
				h.requireJailBans(t, one)
				h.requireBouncerBans(t, one)
			}
		},
	}.Run(t)
}

// ask is the status of the ingress's answer to a client, on a path of the application.
func (h *Homelabs) ask(t *testing.T, one Homelab, client, path string, options ...string) string {
	t.Helper()
	ask := append([]string{"curl", "-sS", "-k", "-m", "60", "-o", "/dev/null", "-w", "%{http_code}", "--connect-to", "app.home.arpa:443:nginx:443"}, options...)
	_, text := h.Exec(t, one.Name+"-app", client, append(ask, "https://app.home.arpa"+path)...)
	return text
}

// requireServed waits until a client gets a page: nobody does before the ingress has
// found the bouncer.
func (h *Homelabs) requireServed(t *testing.T, one Homelab, client string) {
	t.Helper()
	Eventually(t, "the "+client+" is served", func() error {
		if got := h.ask(t, one, client, "/hello"); got != "200" {
			return fmt.Errorf("the answer is %s", got)
		}
		return nil
	})
}

// address is that of a client.
func (h *Homelabs) address(t *testing.T, one Homelab, client string) string {
	t.Helper()
	c, err := h.Engine.ContainerInspect(t.Context(), h.Container(t, one.Name+"-app", client))
	if err != nil {
		t.Fatal(err)
	}
	return c.NetworkSettings.Networks[one.Name+"-ingress"].IPAddress
}

// requireJail waits until a jail of Fail2Ban has an address, and the node's iptables
// refuse it.
func (h *Homelabs) requireJail(t *testing.T, one Homelab, jail, address string) {
	t.Helper()
	Eventually(t, "Fail2Ban bans "+address, func() error {
		if text := h.MustExec(t, one.Name, "fail2ban", "fail2ban-client", "status", jail); !strings.Contains(text, address) {
			return fmt.Errorf("the jail has %s", text)
		}
		if text := h.MustExec(t, one.Name, "fail2ban", "iptables", "-S", "f2b-"+jail); !strings.Contains(text, "-s "+address+"/32") {
			return fmt.Errorf("iptables have %s", text)
		}
		return nil
	})
}

// requireSSHJailBans writes of failed logins into the node's own log, which only its
// owner may read, until the jail with Fail2Ban's filter has the address. CrowdSec
// reads it, too.
func (h *Homelabs) requireSSHJailBans(t *testing.T, one Homelab) {
	t.Helper()
	const stranger = "203.0.113.7"
	h.MustExec(t, one.Name+"-app", "app", "sh", "-c", `for try in 1 2 3 4; do `+
		`echo "$(/bin/busybox date +%Y-%m-%dT%H:%M:%S+00:00) node sshd[100]: Failed password for root from `+stranger+` port 4000$try ssh2" >>/log/auth.log; done`)
	h.requireJail(t, one, one.Name+"-sshd", stranger)
	Eventually(t, "CrowdSec reads the node's log", func() error {
		if text := h.MustExec(t, one.Name, "crowdsec", "cscli", "metrics"); !strings.Contains(text, "/logs/host/auth.log") {
			return fmt.Errorf("it has read %s", text)
		}
		return nil
	})
}

// requireJailBans guesses passwords until the jail with a rule of its own has the
// address.
func (h *Homelabs) requireJailBans(t *testing.T, one Homelab) {
	t.Helper()
	h.MustExec(t, one.Name, "fail2ban", "fail2ban-client", "-t")
	attacker := h.address(t, one, "attacker")
	for range 4 {
		if got := h.ask(t, one, "attacker", "/login", "--data", "user=admin"); got != "401" && got != "403" {
			t.Fatalf("a wrong password is answered with %s", got)
		}
	}
	h.requireJail(t, one, one.Name+"-login", attacker)
}

// requireBouncerBans probes the ingress for pages until CrowdSec has read of it in
// its log, and the bouncer lets the address pass no more, but others.
func (h *Homelabs) requireBouncerBans(t *testing.T, one Homelab) {
	t.Helper()
	const hello = "/hello"
	round := 0
	Eventually(t, "the ingress refuses the attacker", func() error {
		got := h.ask(t, one, "attacker", hello)
		if got == "403" {
			return nil
		}
		round++
		for n := range 15 {
			h.ask(t, one, "attacker", fmt.Sprintf("/page-%d-%d", round, n))
		}
		return fmt.Errorf("it answers %s", got)
	})
	attacker := h.address(t, one, "attacker")
	if text := h.MustExec(t, one.Name, "crowdsec", "cscli", "decisions", "list"); !strings.Contains(text, attacker) {
		t.Errorf("CrowdSec has not decided about %s: %s", attacker, text)
	}
	if got := h.ask(t, one, "visitor", hello); got != "200" {
		t.Errorf("a visitor is answered with %s after the attack", got)
	}
}

func TestAccModule_Security_KernelSettingTooLow_SaysWhatToDo(t *testing.T) {
	if os.Getenv(allVariable) == "" {
		t.Skip("make test-modules runs this test")
	}
	c := Case{Module: "security", Dir: "kernel"}
	h := c.start(t)
	r := h.Run(t, "apply", "-no-color", "-auto-approve")
	said := strings.Join(strings.Fields(strings.NewReplacer("│", " ", "╷", " ").Replace(r.Stdout+r.Stderr)), " ")
	for _, want := range []string{"vm.max_map_count is", "Wazuh's indexer needs 2147483647", "sysctl -w vm.max_map_count=2147483647"} {
		if r.Code == 0 || !strings.Contains(said, want) {
			t.Errorf("terraform ended with %d, and does not say %q:\n%s", r.Code, want, said)
		}
	}
	h.Must(t, []string{"destroy", "-no-color", "-auto-approve"})
	h.removeVolumes(t)
}
