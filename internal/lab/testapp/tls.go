package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"os"
	"strings"
)

// listen serves HTTP, or with -pair HTTPS; with -trust to clients with a
// certificate only.
func (b behavior) listen(server *http.Server) error {
	if b.pair == "" {
		return server.ListenAndServe()
	}
	config, err := b.tls()
	if err != nil {
		return err
	}
	if config.ClientCAs = config.RootCAs; config.ClientCAs != nil {
		config.ClientAuth = tls.RequireAndVerifyClientCert
	}
	server.TLSConfig = config
	return server.ListenAndServeTLS("", "")
}

// client is what a health check asks by.
func (b behavior) client() (http.RoundTripper, error) {
	config, err := b.tls()
	return &http.Transport{TLSClientConfig: config}, err
}

func (b behavior) tls() (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if chain, key, ok := strings.Cut(b.pair, ":"); ok {
		pair, err := tls.LoadX509KeyPair(chain, key)
		if err != nil {
			return nil, err
		}
		config.Certificates = []tls.Certificate{pair}
	}
	if b.trust == "" {
		return config, nil
	}
	text, err := os.ReadFile(b.trust)
	config.RootCAs = x509.NewCertPool()
	if err == nil && !config.RootCAs.AppendCertsFromPEM(text) {
		err = errors.New("no certificate in " + b.trust)
	}
	return config, err
}
