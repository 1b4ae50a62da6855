package certificate

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"
)

// Profile is what a certificate is for.
type Profile string

// The profiles. A peer is both a server and a client.
const (
	Server Profile = "server"
	Client Profile = "client"
	Peer   Profile = "peer"
)

// Authority describes a root and the intermediate that it signs, which issues
// everything else.
type Authority struct {
	// Name is the root's common name.
	Name string
	// NotBefore and NotAfter are when both are valid.
	NotBefore, NotAfter time.Time
}

// Request asks for a certificate.
type Request struct {
	Profile    Profile
	CommonName string
	DNSNames   []string
	Addresses  []net.IP
	// NotBefore and NotAfter are when it is valid. With another NotBefore it has
	// another key.
	NotBefore, NotAfter time.Time
}

// Issued is a certificate with its key, in PEM.
type Issued struct {
	// Chain is the certificate, and after it the intermediate.
	Chain string
	Key   string
}

// Issuer issues certificates. It is safe for concurrent use.
type Issuer struct {
	seed               []byte
	root, intermediate *x509.Certificate
	key                *ecdsa.PrivateKey // the intermediate's
	authority          Authority
}

// New derives an authority from a seed. It returns [ErrShortSeed] for one that
// could be guessed.
func New(seed []byte, a Authority) (*Issuer, error) {
	if len(seed) < MinSeedBytes {
		return nil, ErrShortSeed
	}
	identity := []string{a.Name, a.NotBefore.UTC().Format(time.RFC3339)}
	rootKey, err := deriveKey(seed, append(identity, "root")...)
	if err != nil {
		return nil, fmt.Errorf("derive root key: %w", err)
	}
	root, err := certify(seed, a.template(a.Name, 1), nil, rootKey, rootKey, append(identity, "root"))
	if err != nil {
		return nil, fmt.Errorf("make root: %w", err)
	}
	key, err := deriveKey(seed, append(identity, "intermediate")...)
	if err != nil {
		return nil, fmt.Errorf("derive intermediate key: %w", err)
	}
	intermediate, err := certify(seed, a.template(a.Name+" intermediate", 0), root, key, rootKey, append(identity, "intermediate"))
	if err != nil {
		return nil, fmt.Errorf("make intermediate: %w", err)
	}
	return &Issuer{seed: slices.Clone(seed), root: root, intermediate: intermediate, key: key, authority: a}, nil
}

// template is that of an authority below which there may be so many others.
func (a Authority) template(name string, below int) *x509.Certificate {
	return &x509.Certificate{
		Subject: pkix.Name{CommonName: name}, NotBefore: a.NotBefore, NotAfter: a.NotAfter,
		IsCA: true, BasicConstraintsValid: true, MaxPathLen: below, MaxPathLenZero: below == 0,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
}

// Root returns the root's certificate in PEM: what the other side has to trust.
func (i *Issuer) Root() string { return encode("CERTIFICATE", i.root.Raw) }

// Intermediate returns the intermediate's certificate in PEM.
func (i *Issuer) Intermediate() string { return encode("CERTIFICATE", i.intermediate.Raw) }

// Issue makes the certificate with a name, which no other one of the issuer has. It
// returns an error for one that would be valid longer than the issuer is.
func (i *Issuer) Issue(name string, r Request) (Issued, error) {
	if r.NotBefore.Before(i.authority.NotBefore) || r.NotAfter.After(i.authority.NotAfter) {
		return Issued{}, fmt.Errorf("it would be valid from %s to %s, and its authority is from %s to %s",
			r.NotBefore.Format(time.DateOnly), r.NotAfter.Format(time.DateOnly), i.authority.NotBefore.Format(time.DateOnly), i.authority.NotAfter.Format(time.DateOnly))
	}
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: r.CommonName}, DNSNames: r.DNSNames, IPAddresses: r.Addresses,
		NotBefore: r.NotBefore, NotAfter: r.NotAfter, KeyUsage: x509.KeyUsageDigitalSignature, BasicConstraintsValid: true,
	}
	if r.Profile == Server || r.Profile == Peer {
		template.ExtKeyUsage = append(template.ExtKeyUsage, x509.ExtKeyUsageServerAuth)
	}
	if r.Profile == Client || r.Profile == Peer {
		template.ExtKeyUsage = append(template.ExtKeyUsage, x509.ExtKeyUsageClientAuth)
	}
	identity := []string{"leaf", i.authority.Name, name, r.NotBefore.UTC().Format(time.RFC3339)}
	key, err := deriveKey(i.seed, identity...)
	if err != nil {
		return Issued{}, fmt.Errorf("derive key: %w", err)
	}
	// Two certificates of one key differ in their serial numbers when they differ in
	// anything.
	identity = append(identity, string(r.Profile), r.CommonName, strings.Join(r.DNSNames, " "), fmt.Sprint(r.Addresses), r.NotAfter.UTC().Format(time.RFC3339))
	leaf, err := certify(i.seed, template, i.intermediate, key, i.key, identity)
	if err != nil {
		return Issued{}, fmt.Errorf("make certificate: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return Issued{}, fmt.Errorf("encode key: %w", err)
	}
	return Issued{Chain: encode("CERTIFICATE", leaf.Raw) + i.Intermediate(), Key: encode("PRIVATE KEY", der)}, nil
}

// certify signs a certificate; without a parent it signs itself.
func certify(seed []byte, template, parent *x509.Certificate, key, signer *ecdsa.PrivateKey, identity []string) (*x509.Certificate, error) {
	serial, err := deriveSerial(seed, identity...)
	if err != nil {
		return nil, err
	}
	template.SerialNumber = serial
	if parent == nil {
		parent = template
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), steady{signer})
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

func encode(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}
