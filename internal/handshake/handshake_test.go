package handshake

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"
)

// serving makes this test program the plugin.
const serving = "HOMELAB_TEST_SERVE"

func TestMain(m *testing.M) {
	if os.Getenv(serving) == "" {
		os.Exit(m.Run())
	}
	if err := Serve("registry.test/test/test", func() tfprotov6.ProviderServer { return nothing{} }); err != nil {
		panic(err)
	}
}

// nothing is a provider of which nothing is asked.
type nothing struct{ tfprotov6.ProviderServer }

// start starts this program as a plugin, as Terraform does.
func start(t *testing.T, mutual bool) *plugin.Client {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), serving+"=1")
	c := plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig: ours, Cmd: cmd, AutoMTLS: mutual, Managed: true,
		VersionedPlugins: map[int]plugin.PluginSet{6: {"provider": &tf6server.GRPCProviderPlugin{}}},
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		Logger:           hclog.New(&hclog.LoggerOptions{Output: io.Discard}),
		StartTimeout:     5 * time.Minute,
	})
	t.Cleanup(c.Kill)
	return c
}

func TestServe_StartedAsTerraformDoes_Answers(t *testing.T) {
	for name, mutual := range map[string]bool{"with certificates": true, "without": false} {
		t.Run(name, func(t *testing.T) {
			protocol, err := start(t, mutual).Client()
			if err != nil {
				t.Fatal(err)
			}
			if err := protocol.Ping(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestServe_StrangerWithoutTheCertificate_IsRefused(t *testing.T) {
	c := start(t, true)
	address, err := c.Start()
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := newCertificate()
	if err != nil {
		t.Fatal(err)
	}
	for name, certificates := range map[string][]tls.Certificate{"none": nil, "another": {stranger}} {
		raw, err := net.Dial(address.Network(), address.String())
		if err != nil {
			t.Fatal(err)
		}
		conn := tls.Client(raw, &tls.Config{InsecureSkipVerify: true, Certificates: certificates, NextProtos: []string{"h2"}}) //nolint:gosec // whether the server lets it in is what is asked
		_, err = io.ReadAll(conn)                                                                                              // whoever is let in is waited for, and sees the end without a reason
		if err == nil || !strings.Contains(err.Error(), "certificate") {
			t.Errorf("%s: got %v, want the handshake refused for want of a certificate", name, err)
		}
		_ = conn.Close()
	}
}

func TestNewCertificate_IsOfTheQuickCurveAndVouchesForItself(t *testing.T) {
	own, err := newCertificate()
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(own.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	if key, ok := parsed.PublicKey.(*ecdsa.PublicKey); !ok || key.Curve != elliptic.P256() {
		t.Errorf("key is %T, want one on P-256, which Go computes quickly", parsed.PublicKey)
	}
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	if _, err := parsed.Verify(x509.VerifyOptions{Roots: roots, DNSName: host}); err != nil {
		t.Error(err)
	}
}

func TestComplete_OnlyAnAnnouncementWithoutCertificate_IsChanged(t *testing.T) {
	for line, want := range map[string]string{
		"1|6|unix|/tmp/p|grpc|\n":      "1|6|unix|/tmp/p|grpc|AQI\n",
		"1|6|unix|/tmp/p|grpc||true\n": "1|6|unix|/tmp/p|grpc|AQI|true\n",
		"1|6|unix|/tmp/p|grpc|abc\n":   "1|6|unix|/tmp/p|grpc|abc\n",
		"something else\n":             "something else\n",
	} {
		if got := complete(line, []byte{1, 2}); got != want {
			t.Errorf("complete(%q) is %q, want %q", line, got, want)
		}
	}
}

func TestRelay_WhatFollowsTheAnnouncement_StaysAsItIs(t *testing.T) {
	var out strings.Builder
	if err := relay(&out, strings.NewReader("1|6|unix|/tmp/p|grpc|\na|b|c|d|e|\nend"), []byte{1, 2}); err != nil {
		t.Fatal(err)
	}
	if want := "1|6|unix|/tmp/p|grpc|AQI\na|b|c|d|e|\nend"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}
