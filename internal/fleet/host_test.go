package fleet_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/fleet"
)

func TestCheck_UsableHosts_AreAccepted(t *testing.T) {
	for _, c := range []fleet.NodeConfig{
		{Host: "unix:///var/run/docker.sock"},
		{Host: "tcp://127.0.0.1:2375"},
		{Host: "tcp://localhost"},
		{Host: "tcp://[::1]:2375"},
		{Host: "tcp://10.0.2.20:2376", TLS: &fleet.TLS{CAFile: "ca.pem"}},
		{Host: "tcp://atlas.lan", TLS: &fleet.TLS{CA: "pem", Cert: "pem", Key: "pem", ServerName: "atlas"}},
		{Unknown: true},
	} {
		if err := fleet.Check("atlas", c); err != nil {
			t.Errorf("%q: %v", c.Host, err)
		}
	}
}

func TestCheck_UnusableConfigurations_SayTheWayOut(t *testing.T) {
	tls := func(t fleet.TLS) *fleet.TLS { return &t }
	for name, tc := range map[string]struct {
		config    fleet.NodeConfig
		kind      fleet.Kind
		attribute string
		text      string
	}{
		"no scheme":       {fleet.NodeConfig{Host: "10.0.2.20"}, fleet.InvalidHost, "host", "tcp://address:2376"},
		"empty":           {fleet.NodeConfig{}, fleet.InvalidHost, "host", "no scheme"},
		"unknown scheme":  {fleet.NodeConfig{Host: "http://10.0.2.20"}, fleet.InvalidHost, "host", `the scheme "http"`},
		"ssh":             {fleet.NodeConfig{Host: "ssh://pi@10.0.2.10"}, fleet.InvalidHost, "host", "not supported yet in this version"},
		"portainer":       {fleet.NodeConfig{Host: "portainer+https://p.lan/endpoints/3"}, fleet.InvalidHost, "host", "not supported yet"},
		"relative socket": {fleet.NodeConfig{Host: "unix://docker.sock"}, fleet.InvalidHost, "host", "three slashes"},
		"no address":      {fleet.NodeConfig{Host: "tcp://:2376"}, fleet.InvalidHost, "host", "no address"},
		"plain tcp":       {fleet.NodeConfig{Host: "tcp://10.0.2.20:2375"}, fleet.InvalidHost, "host", "Set tls"},
		"plain name":      {fleet.NodeConfig{Host: "tcp://localhost.evil.example:2375"}, fleet.InvalidHost, "host", "loopback"},
		"tls on a socket": {fleet.NodeConfig{Host: "unix:///a", TLS: tls(fleet.TLS{})}, fleet.InvalidTLS, "tls", "Remove tls"},
		"both file and PEM": {
			fleet.NodeConfig{Host: "tcp://a", TLS: tls(fleet.TLS{CA: "x", CAFile: "y"})}, fleet.InvalidTLS, "tls.ca", "both ca and ca_file",
		},
		"certificate without key": {
			fleet.NodeConfig{Host: "tcp://a", TLS: tls(fleet.TLS{CertFile: "y"})}, fleet.InvalidTLS, "tls", "key_file",
		},
		"key without certificate": {
			fleet.NodeConfig{Host: "tcp://a", TLS: tls(fleet.TLS{Key: "y"})}, fleet.InvalidTLS, "tls", "cert_file",
		},
	} {
		t.Run(name, func(t *testing.T) {
			err := fleet.Check("atlas", tc.config)
			e := requireError(t, err, tc.kind, `Node "atlas"`, tc.text)
			if got := strings.Join(e.Attribute, "."); got != tc.attribute {
				t.Errorf("attribute: got %s, want %s", got, tc.attribute)
			}
		})
	}
}

func TestCheck_PasswordInHost_IsNeverShown(t *testing.T) {
	for _, host := range []string{"tcp://root:hunter2@10.0.2.20:2376", "tcp://root:hunter2@[bad", "tcp://a:2376?token=hunter2", "root:hunter2@a", "ssh://pi:hunter2@a"} {
		err := fleet.Check("atlas", fleet.NodeConfig{Host: host, TLS: &fleet.TLS{}})
		e := requireError(t, err, fleet.InvalidHost)
		if text := e.Error() + e.Detail(); strings.Contains(text, "hunter2") {
			t.Errorf("the password is shown: %s", text)
		}
	}
}

func TestNew_SeveralMistakes_ReportsEach(t *testing.T) {
	_, err := fleet.New(map[string]fleet.NodeConfig{"a": {Host: "x"}, "b": {Host: "y"}})
	var joined interface{ Unwrap() []error }
	if !errors.As(err, &joined) || len(joined.Unwrap()) != 2 {
		t.Fatalf("got %v, want two errors", err)
	}
}
