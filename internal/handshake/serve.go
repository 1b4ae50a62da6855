package handshake

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"

	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"
	"google.golang.org/grpc"

	_ "github.com/homelab-iac/terraform-provider-homelab/internal/handshake/curve" // for what it does while the program starts
)

const (
	// clientCertificate is the environment variable with the certificate of
	// whoever starts a plugin (go-plugin, docs/internals.md and client.go).
	clientCertificate = "PLUGIN_CLIENT_CERT"
	// maxMessage is the size in bytes of the largest message, as in
	// terraform-plugin-go.
	maxMessage = 256 << 20
)

// ours is how Terraform and its providers know each other (Terraform's
// plugin.Handshake and plugin6).
var ours = plugin.HandshakeConfig{
	ProtocolVersion:  6,
	MagicCookieKey:   "TF_PLUGIN_MAGIC_COOKIE",
	MagicCookieValue: "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2",
}

// Serve serves a provider under its registry address until Terraform ends it.
// Without a certificate of Terraform's in the environment it does what
// [tf6server.Serve] does. It takes over standard output and, as the plugin
// library does, may end the process.
func Serve(address string, provider func() tfprotov6.ProviderServer) error {
	client := os.Getenv(clientCertificate)
	if client == "" {
		return tf6server.Serve(address, provider)
	}
	own, err := newCertificate()
	if err != nil {
		return fmt.Errorf("make certificate: %w", err)
	}
	config, err := tlsConfig(own, client)
	if err != nil {
		return err
	}
	if err := announce(own.Certificate[0]); err != nil {
		return err
	}
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: ours,
		TLSProvider:     func() (*tls.Config, error) { return config, nil },
		Plugins:         plugin.PluginSet{"provider": &tf6server.GRPCProviderPlugin{GRPCProvider: provider, Name: address}},
		GRPCServer: func(options []grpc.ServerOption) *grpc.Server {
			return grpc.NewServer(append(options, grpc.MaxRecvMsgSize(maxMessage), grpc.MaxSendMsgSize(maxMessage))...)
		},
	})
	return nil
}

// tlsConfig lets in only who holds the key of the given certificate.
func tlsConfig(own tls.Certificate, client string) (*tls.Config, error) {
	known := x509.NewCertPool()
	if !known.AppendCertsFromPEM([]byte(client)) {
		return nil, errors.New("read " + clientCertificate + ": it holds no certificate")
	}
	return &tls.Config{
		Certificates: []tls.Certificate{own}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: known,
		MinVersion: tls.VersionTLS12, ServerName: host,
	}, nil
}
