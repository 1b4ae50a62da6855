package moduletest

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

func TestAccModule_Security(t *testing.T) {
	Case{
		Module: "security", Change: "netalertx", Completed: []string{"kernel", "logs", "wazuh-certificates"}, Running: []string{"attacker", "visitor"},
		Check: func(t *testing.T, h *Homelabs) {
			for _, one := range []Homelab{h.A, h.B} {
				h.requireJailBans(t, one)
				h.requireBouncerBans(t, one)
			}
		},
	}.Run(t)
}

// ask is the status of an answer of the gateway to a client.
func (h *Homelabs) ask(t *testing.T, one Homelab, client string, options ...string) string {
	t.Helper()
	_, text := h.Exec(t, one.Name+"-gateway", client, append([]string{"wget", "-S", "-O", "/dev/null"}, options...)...)
	for line := range strings.Lines(text) {
		if fields := strings.Fields(line); len(fields) > 1 && strings.HasPrefix(fields[0], "HTTP/1.") {
			return fields[1]
		}
	}
	return text
}

// address is that of a client.
func (h *Homelabs) address(t *testing.T, one Homelab, client string) string {
	t.Helper()
	c, err := h.Engine.ContainerInspect(t.Context(), h.Container(t, one.Name+"-gateway", client))
	if err != nil {
		t.Fatal(err)
	}
	return c.NetworkSettings.Networks[one.Name+"-proxy"].IPAddress
}

// requireJailBans guesses passwords until Fail2Ban's jail has the address, and the
// node's iptables refuse it.
func (h *Homelabs) requireJailBans(t *testing.T, one Homelab) {
	t.Helper()
	h.MustExec(t, one.Name, "fail2ban", "fail2ban-client", "-t")
	attacker := h.address(t, one, "attacker")
	for range 4 {
		if got := h.ask(t, one, "attacker", "--post-data", "user=admin", "http://gateway:8080/login"); got != "401" && got != "403" {
			t.Fatalf("a wrong password is answered with %s", got)
		}
	}
	jail := one.Name + "-login"
	Eventually(t, "Fail2Ban bans "+attacker, func() error {
		if text := h.MustExec(t, one.Name, "fail2ban", "fail2ban-client", "status", jail); !strings.Contains(text, attacker) {
			return fmt.Errorf("the jail has %s", text)
		}
		if text := h.MustExec(t, one.Name, "fail2ban", "iptables", "-S", "f2b-"+jail); !strings.Contains(text, "-s "+attacker+"/32") {
			return fmt.Errorf("iptables have %s", text)
		}
		return nil
	})
}

// requireBouncerBans probes the gateway for pages until CrowdSec has read of it in
// the log, and the bouncer lets the address pass no more, but others.
func (h *Homelabs) requireBouncerBans(t *testing.T, one Homelab) {
	t.Helper()
	hello := "http://gateway:8080/hello"
	if got := h.ask(t, one, "visitor", hello); got != "200" {
		t.Fatalf("a visitor is answered with %s", got)
	}
	round := 0
	Eventually(t, "the gateway refuses the attacker", func() error {
		got := h.ask(t, one, "attacker", hello)
		if got == "403" {
			return nil
		}
		round++
		for n := range 15 {
			h.ask(t, one, "attacker", fmt.Sprintf("http://gateway:8080/page-%d-%d", round, n))
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
