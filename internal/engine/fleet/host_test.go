package fleet_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/homelab-iac/terraform-provider-homelab/internal/engine/fleet"
)

// hostKey is a public key of the right form; nobody has the private one.
const hostKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPlyVvXvkAs0FbBDUEzjvqFZ8fZm5gzn5oiZbmbCaiJB"

func TestCheck_UsableHosts_AreAccepted(t *testing.T) {
	for _, c := range []fleet.NodeConfig{
		{Host: "unix:///var/run/docker.sock"},
		{Host: "tcp://127.0.0.1:2375"},
		{Host: "tcp://localhost"},
		{Host: "tcp://[::1]:2375"},
		{Host: "tcp://10.0.2.20:2376", TLS: &fleet.TLS{CAFile: "ca.pem"}},
		{Host: "tcp://atlas.lan", TLS: &fleet.TLS{CA: "pem", Cert: "pem", Key: "pem", ServerName: "atlas"}},
		{Host: "ssh://pi@10.0.2.10"},
		{Host: "ssh://overwatch"},
		{Host: "ssh://pi@[fe80::1]:2222/run/user/1000/docker.sock", HostKey: hostKey},
		{Host: "ssh://pi@a", HostKey: "10.0.2.10 " + hostKey + " root@pi\n\n# rsa\n"},
		{Host: "portainer+https://portainer.lan/endpoints/3", Token: "ptr_x"},
		{Host: "portainer+https://portainer.lan:9443/tools/portainer/endpoints/3/", Token: "ptr_x", TLS: &fleet.TLS{CA: "pem"}},
		{Context: "lab"},
		{Context: "lab", HostKey: hostKey},
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
		"no scheme":            {fleet.NodeConfig{Host: "10.0.2.20"}, fleet.InvalidHost, "host", "tcp://address:2376"},
		"empty":                {fleet.NodeConfig{}, fleet.InvalidHost, "host", "neither a host nor a context"},
		"unknown scheme":       {fleet.NodeConfig{Host: "http://10.0.2.20"}, fleet.InvalidHost, "host", `the scheme "http"`},
		"ssh without address":  {fleet.NodeConfig{Host: "ssh://pi@"}, fleet.InvalidHost, "host", "no address"},
		"ssh with a password":  {fleet.NodeConfig{Host: "ssh://pi:x@a"}, fleet.InvalidHost, "host", "takes no password"},
		"ssh option":           {fleet.NodeConfig{Host: "ssh://-oProxyCommand=x@a"}, fleet.InvalidHost, "host", "no such user or address"},
		"ssh option as host":   {fleet.NodeConfig{Host: "ssh://-oProxyCommand=x"}, fleet.InvalidHost, "host", "no such user or address"},
		"ssh with a query":     {fleet.NodeConfig{Host: "ssh://a?b=c"}, fleet.InvalidHost, "host", "no query"},
		"ssh socket, colon":    {fleet.NodeConfig{Host: "ssh://a/run/x:y.sock"}, fleet.InvalidHost, "host", "cannot forward"},
		"ssh socket, shell":    {fleet.NodeConfig{Host: "ssh://a/run/$(id)"}, fleet.InvalidHost, "host", "cannot forward"},
		"ssh socket, long":     {fleet.NodeConfig{Host: "ssh://a/" + strings.Repeat("x", 107)}, fleet.InvalidHost, "host", "longer than"},
		"tls with ssh":         {fleet.NodeConfig{Host: "ssh://a", TLS: tls(fleet.TLS{})}, fleet.InvalidTLS, "tls", "ssh encrypts by itself"},
		"host key without ssh": {fleet.NodeConfig{Host: "unix:///a", HostKey: hostKey}, fleet.InvalidHost, "host_key", "for ssh://"},
		"host key of another":  {fleet.NodeConfig{Host: "ssh://a", HostKey: "ssh-rsa " + strings.Fields(hostKey)[1]}, fleet.InvalidHost, "host_key", "not a public key"},
		"host key, a comment":  {fleet.NodeConfig{Host: "ssh://a", HostKey: "# none"}, fleet.InvalidHost, "host_key", "is empty"},
		"no token":             {fleet.NodeConfig{Host: "portainer+https://p.lan/endpoints/3"}, fleet.InvalidHost, "token", "Access tokens"},
		"token with a line's end": {
			fleet.NodeConfig{Host: "portainer+https://p.lan/endpoints/3", Token: "ptr_x\n"}, fleet.InvalidHost, "token", "trimspace()",
		},
		"token for ssh":         {fleet.NodeConfig{Host: "ssh://a", Token: "x"}, fleet.InvalidHost, "token", "Remove token"},
		"no environment":        {fleet.NodeConfig{Host: "portainer+https://p.lan", Token: "x"}, fleet.InvalidHost, "host", "names no environment"},
		"environment by name":   {fleet.NodeConfig{Host: "portainer+https://p.lan/endpoints/nas", Token: "x"}, fleet.InvalidHost, "host", "names no environment"},
		"portainer with a user": {fleet.NodeConfig{Host: "portainer+https://u@p.lan/endpoints/3", Token: "x"}, fleet.InvalidHost, "host", "set token"},
		"plain portainer":       {fleet.NodeConfig{Host: "portainer+http://p.lan/endpoints/3", Token: "x"}, fleet.InvalidHost, "host", `the scheme "portainer+http"`},
		"host and context":      {fleet.NodeConfig{Host: "unix:///a", Context: "lab"}, fleet.InvalidHost, "context", "Keep one"},
		"tls and context":       {fleet.NodeConfig{Context: "lab", TLS: tls(fleet.TLS{})}, fleet.InvalidTLS, "tls", "its own certificates"},
		"token and context":     {fleet.NodeConfig{Context: "lab", Token: "x"}, fleet.InvalidHost, "token", "Remove token"},
		"host key and context":  {fleet.NodeConfig{Context: "lab", HostKey: "x"}, fleet.InvalidHost, "host_key", "not a public key"},
		"relative socket":       {fleet.NodeConfig{Host: "unix://docker.sock"}, fleet.InvalidHost, "host", "three slashes"},
		"no address":            {fleet.NodeConfig{Host: "tcp://:2376"}, fleet.InvalidHost, "host", "no address"},
		"plain tcp":             {fleet.NodeConfig{Host: "tcp://10.0.2.20:2375"}, fleet.InvalidHost, "host", "Set tls"},
		"plain name":            {fleet.NodeConfig{Host: "tcp://localhost.evil.example:2375"}, fleet.InvalidHost, "host", "loopback"},
		"tls on a socket":       {fleet.NodeConfig{Host: "unix:///a", TLS: tls(fleet.TLS{})}, fleet.InvalidTLS, "tls", "Remove tls"},
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
	for _, host := range []string{"tcp://root:hunter2@10.0.2.20:2376", "tcp://root:hunter2@[bad", "tcp://a:2376?token=hunter2", "root:hunter2@a", "ssh://pi:hunter2@a", "ssh://pi:hunter2@[a", "portainer+https://pi:hunter2@a/endpoints/1"} {
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
