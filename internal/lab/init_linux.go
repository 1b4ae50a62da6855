package lab

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/netip"
	"os"

	"golang.org/x/sys/unix"
)

// MaybeInit turns the calling process into a process of a lab if it was started
// as one, and then never returns. Every program that calls Up, Open or Node.PowerOn
// calls it first thing in main or TestMain: a lab's processes are this program
// again. In any other process it does nothing.
func MaybeInit() {
	role := os.Getenv(initEnv)
	if role == "" {
		return
	}
	log.SetFlags(log.Ltime | log.Lmicroseconds)
	log.SetPrefix("lab " + role + ": ")
	if err := runInit(role); err != nil {
		log.Print(err)
	}
	os.Exit(1)
}

func runInit(role string) error {
	_ = os.Unsetenv(initEnv) // cannot fail for a valid name
	unix.CloseOnExec(controlFD)
	control := bufio.NewReader(os.NewFile(controlFD, "control"))
	line, err := control.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("read configuration: %w", err) // whoever started us is gone
	}
	var cfg initConfig
	if err := json.Unmarshal(line, &cfg); err != nil {
		return fmt.Errorf("read configuration: %w", err)
	}
	if cfg.Lifeline {
		go func() {
			_, _ = io.Copy(io.Discard, control)
			os.Exit(1) // the owner of the lab has ended
		}()
	}
	if role == "hub" {
		return runHub(cfg)
	}
	dockerd, err := keepProgram(cfg.Dockerd[0])
	if err != nil {
		return err
	}
	if err := enterRoot(cfg); err != nil {
		return err
	}
	return supervise(cfg, dockerd)
}

// runHub forwards connections for as long as the lab is up.
func runHub(cfg initConfig) error {
	for i, address := range cfg.Forwards {
		f := os.NewFile(uintptr(controlFD+1+i), "listener")
		inherited, err := net.FileListener(f)
		if err != nil {
			return fmt.Errorf("forward to %s: %w", address, err)
		}
		f.Close()
		target, err := net.ResolveTCPAddr("tcp4", address)
		if err != nil {
			return fmt.Errorf("forward to %s: %w", address, err)
		}
		listener, ok := inherited.(*net.TCPListener)
		if !ok {
			return fmt.Errorf("forward to %s: no TCP listener was handed on", address)
		}
		go serveForward(listener, target)
	}
	select {}
}

func serveForward(listener *net.TCPListener, target *net.TCPAddr) {
	for {
		conn, err := listener.AcceptTCP()
		if err != nil {
			log.Printf("forward to %s: %v", target, err)
			return
		}
		go forward(conn, target)
	}
}

// forward copies both directions, passing on each side's end of data. Where the
// node cannot be reached, the caller's connection is reset.
func forward(near *net.TCPConn, target *net.TCPAddr) {
	defer near.Close()
	dialer := net.Dialer{Timeout: dialTimeout}
	far, err := dialer.DialTCP(context.Background(), "tcp4", netip.AddrPort{}, target.AddrPort())
	if err != nil {
		_ = near.SetLinger(0)
		return
	}
	defer far.Close()
	done := make(chan struct{})
	go func() {
		_, _ = io.Copy(far, near)
		_ = far.CloseWrite()
		close(done)
	}()
	_, _ = io.Copy(near, far)
	_ = near.CloseWrite()
	<-done
}
