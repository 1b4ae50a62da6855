package standin

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// Serve is the program's life: it checks what it requires, listens, and ends with
// SIGTERM. It returns the exit code.
func (s Spec) Serve() int {
	say := func(format string, args ...any) {
		fmt.Fprintf(os.Stderr, "stand-in for "+s.Image+": "+format+"\n", args...)
	}
	if err := s.stepDown(); err != nil {
		say("refuses to start: %v", err)
		return 1
	}
	if missing := s.Requires.Missing(); len(missing) > 0 {
		say("refuses to start: %s", strings.Join(missing, "; "))
		return 1
	}
	if s.Once {
		say("done")
		return 0
	}
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT)
	for _, port := range s.Ports {
		if err := s.listen(expand(port)); err != nil {
			say("refuses to start: %v", err)
			return 1
		}
	}
	say("started as user %d:%d, listens on %s", os.Getuid(), os.Getgid(), expand(strings.Join(s.Ports, ", ")))
	say("got %s", <-end)
	return 0
}

// listen starts to serve a port of a Spec.
func (s Spec) listen(port string) error {
	number, protocol, _ := strings.Cut(port, "/")
	if protocol == "udp" {
		conn, err := net.ListenPacket("udp", ":"+number)
		if err == nil {
			go echo(conn)
		}
		return err
	}
	listener, err := net.Listen("tcp", ":"+number)
	if err != nil {
		return err
	}
	switch protocol {
	case "", "http":
	case "https":
		certificate, err := selfSigned()
		if err != nil {
			return err
		}
		listener = tls.NewListener(listener, &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{certificate}})
	case "tcp":
		go accept(listener)
		return nil
	default:
		return fmt.Errorf("port %s: the protocol is http, https, tcp or udp", port)
	}
	server := http.Server{Handler: http.HandlerFunc(s.answer), ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(listener) }() // ends with the process
	return nil
}

// answer is 200 for what the program is documented to have.
func (s Spec) answer(w http.ResponseWriter, r *http.Request) {
	known := r.URL.Path == "/"
	for _, path := range s.Paths {
		known = known || r.URL.Path == path || strings.HasSuffix(path, "/") && strings.HasPrefix(r.URL.Path, path)
	}
	switch {
	case !known:
		http.Error(w, "stand-in for "+s.Image+": no such path is documented", http.StatusNotFound)
	case strings.HasSuffix(r.URL.Path, "/metrics"):
		io.WriteString(w, "# TYPE standin_up gauge\nstandin_up 1\n")
	default:
		fmt.Fprintf(w, "stand-in for %s\nhost=%s\npath=%s\nfor=%s\n", s.Image, r.Host, r.URL.Path, r.Header.Get("X-Forwarded-For"))
	}
}

// accept takes connections until they end.
func accept(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		go func() {
			defer conn.Close()
			_, _ = io.Copy(io.Discard, conn)
		}()
	}
}

// echo sends datagrams back.
func echo(conn net.PacketConn) {
	buffer := make([]byte, 2048)
	for {
		n, from, err := conn.ReadFrom(buffer)
		if err != nil {
			return
		}
		_, _ = conn.WriteTo(buffer[:n], from)
	}
}

// selfSigned makes a certificate that nobody should trust.
func selfSigned() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	now := time.Now()
	template := x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: "stand-in"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour), DNSNames: []string{"localhost"},
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, key.Public(), key)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}
