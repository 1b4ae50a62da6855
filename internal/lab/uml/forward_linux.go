package uml

import (
	"context"
	"fmt"
	"io"
	"net"
	"sync"
)

// forwarder leads a Unix socket on the machine to a guest's engine. It breaks all
// connections when the guest dies: nobody would answer them any more.
type forwarder struct {
	guest    *Guest
	listener net.Listener
	ctx      context.Context //nolint:containedctx // the connections' lifetime
	cancel   context.CancelFunc
	open     sync.WaitGroup
}

func newForwarder(g *Guest) (*forwarder, error) {
	listener, err := net.Listen("unix", g.Socket)
	if err != nil {
		return nil, fmt.Errorf("forward to %s: %w", g.Name, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	f := &forwarder{guest: g, listener: listener, ctx: ctx, cancel: cancel}
	go func() {
		select {
		case <-g.dead:
		case <-ctx.Done():
		}
		cancel()
		_ = listener.Close()
	}()
	f.open.Add(1)
	go f.serve()
	return f, nil
}

func (f *forwarder) serve() {
	defer f.open.Done()
	for {
		near, err := f.listener.Accept()
		if err != nil {
			return // closed
		}
		f.open.Add(1)
		go func() {
			defer f.open.Done()
			f.copy(near)
		}()
	}
}

// copy copies both directions, passing on each side's end of data: an engine sends
// the rest of an attached container's output after its input has ended.
func (f *forwarder) copy(near net.Conn) {
	defer near.Close()
	far, err := f.guest.lab.network.Dial(f.ctx, "tcp", net.JoinHostPort(f.guest.address(), EnginePort))
	if err != nil {
		return
	}
	defer far.Close()
	stop := context.AfterFunc(f.ctx, func() {
		near.Close()
		far.Close()
	})
	defer stop()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.Copy(far, near)
		closeWrite(far)
	}()
	_, _ = io.Copy(near, far)
	closeWrite(near)
	<-done
}

// closeWrite ends one direction of a connection.
func closeWrite(c net.Conn) {
	if half, ok := c.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
}

// close breaks all connections and waits for their ends.
func (f *forwarder) close() {
	f.cancel()
	_ = f.listener.Close()
	f.open.Wait()
}
