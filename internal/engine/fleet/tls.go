package fleet

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"

	"github.com/homelab-iac/terraform-provider-homelab/internal/localfile"
)

// material is one certificate or key, as a file's path or as PEM text.
type material struct {
	attribute, file, text string
}

func (m material) given() bool { return m.file != "" || m.text != "" }

func (t *TLS) ca() material   { return material{"ca", t.CAFile, t.CA} }
func (t *TLS) cert() material { return material{"cert", t.CertFile, t.Cert} }
func (t *TLS) key() material  { return material{"key", t.KeyFile, t.Key} }

// check finds combinations that cannot work; it reads no file.
func (t *TLS) check() *Error {
	for _, m := range []material{t.ca(), t.cert(), t.key()} {
		if m.file != "" && m.text != "" {
			return invalid([]string{"tls", m.attribute},
				fmt.Sprintf("tls has both %s and %s_file.", m.attribute, m.attribute), "Keep one of them.")
		}
	}
	switch {
	case t.cert().given() && !t.key().given():
		return invalid([]string{"tls"}, "tls has a client certificate but no key for it.", "Set key_file or key.")
	case t.key().given() && !t.cert().given():
		return invalid([]string{"tls"}, "tls has a client key but no certificate for it.", "Set cert_file or cert.")
	}
	return nil
}

// config reads the certificates. The engine's is always verified.
func (t *TLS) config() (*tls.Config, *Error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: t.ServerName}
	if m := t.ca(); m.given() {
		pem, err := m.read()
		if err != nil {
			return nil, err
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, m.unusable("holds no certificate in PEM form")
		}
	}
	if t.cert().given() {
		pair, err := t.pair()
		if err != nil {
			return nil, err
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}

func (t *TLS) pair() (tls.Certificate, *Error) {
	cert, err := t.cert().read()
	if err != nil {
		return tls.Certificate{}, err
	}
	key, err := t.key().read()
	if err != nil {
		return tls.Certificate{}, err
	}
	pair, bad := tls.X509KeyPair(cert, key)
	if bad != nil {
		return tls.Certificate{}, t.cert().unusable("and its key do not work together (" + bad.Error() + ")")
	}
	return pair, nil
}

// read returns the PEM text.
func (m material) read() ([]byte, *Error) {
	if m.file == "" {
		return []byte(m.text), nil
	}
	text, err := localfile.ReadFile(m.file)
	switch {
	case err == nil:
		return text, nil
	case errors.Is(err, fs.ErrNotExist):
		return nil, m.unusable("does not exist")
	case errors.Is(err, fs.ErrPermission):
		return nil, m.unusable("may not be read by this user")
	default:
		return nil, m.unusable("cannot be read")
	}
}

// unusable says what is wrong without ever quoting the text.
func (m material) unusable(what string) *Error {
	attribute, subject := m.attribute, "tls."+m.attribute
	if m.file != "" {
		attribute += "_file"
		subject = fmt.Sprintf("tls.%s %q", attribute, m.file)
	}
	return invalid([]string{"tls", attribute}, subject+" "+what+".", "Correct it and run Terraform again.")
}
