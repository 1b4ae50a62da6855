//go:build !linux

package lab

import (
	"context"
	"errors"
	"io"
	"net"
)

var errNotLinux = errors.New("a lab needs Linux: run this in a Linux machine, or use an engine that runs already")

// Supported always fails on this system.
func Supported(Options) error { return errNotLinux }

// Install always fails on this system.
func Install(context.Context, Options, io.Writer) error { return errNotLinux }

// Up always fails on this system.
func Up(context.Context, Options) (*Lab, error) { return nil, errNotLinux }

// Open always fails on this system.
func Open(string) (*Lab, error) { return nil, ErrNotFound }

// Sweep does nothing on this system.
func Sweep(context.Context, string) error { return nil }

// MaybeInit does nothing on this system.
func MaybeInit() {}

// Running is always false on this system.
func (l *Lab) Running() bool { return false }

// Down does nothing on this system.
func (l *Lab) Down(context.Context) error { return nil }

// Dial always fails on this system.
func (l *Lab) Dial(context.Context, string, string) (net.Conn, error) { return nil, errNotLinux }

// Dial always fails on this system.
func (n *Node) Dial(context.Context, int) (net.Conn, error) { return nil, errNotLinux }

// Listen always fails on this system.
func (n *Node) Listen(int) (net.Listener, error) { return nil, errNotLinux }

// PowerOn always fails on this system.
func (n *Node) PowerOn(context.Context) error { return errNotLinux }

// PowerOff always fails on this system.
func (n *Node) PowerOff(context.Context) error { return errNotLinux }

// PoweredOn is always false on this system.
func (n *Node) PoweredOn() bool { return false }

type lifelines []int
