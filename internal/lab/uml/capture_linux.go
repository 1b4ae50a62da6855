package uml

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/netns"
)

// Frame is one Ethernet frame as it was on a wire.
type Frame struct {
	// Source and Destination are MAC addresses in lower case.
	Source, Destination string
	// Tagged reports whether it had an 802.1Q tag, and VLAN is the id in it.
	Tagged bool
	VLAN   int
	// EtherType is the type of the payload, behind the tag.
	EtherType uint16
}

// String is the frame in a line, for a test's message.
func (f Frame) String() string {
	tag := "untagged"
	if f.Tagged {
		tag = fmt.Sprintf("VLAN %d", f.VLAN)
	}
	return fmt.Sprintf("%s > %s type %04x %s", f.Source, f.Destination, f.EtherType, tag)
}

// Capture collects the frames on an interface until it is stopped.
type Capture struct {
	socket int
	ended  chan struct{}
	stop   context.CancelFunc
	err    error // read it after ended

	mu     sync.Mutex // guards frames
	frames []Frame
}

// Capture begins to collect what goes over the guest's end of the wire, in both
// directions.
func (g *Guest) Capture() (*Capture, error) { return listen(g.lab.network, g.wireTap()) }

// listen opens a packet socket on an interface of a namespace.
func listen(network *netns.Namespace, name string) (*Capture, error) {
	c := &Capture{ended: make(chan struct{})}
	err := network.Do(func() error {
		const all = unix.ETH_P_ALL<<8&0xff00 | unix.ETH_P_ALL>>8 // in network order
		link, err := net.InterfaceByName(name)
		if err != nil {
			return err
		}
		if c.socket, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0); err != nil {
			return err
		}
		// The kernel takes the tag out of the frame; only the auxiliary data has it.
		err = errors.Join(
			unix.SetsockoptInt(c.socket, unix.SOL_PACKET, unix.PACKET_AUXDATA, 1),
			unix.SetsockoptInt(c.socket, unix.SOL_SOCKET, unix.SO_RCVBUF, 8<<20),
			unix.SetsockoptTimeval(c.socket, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Usec: 50_000}),
			unix.Bind(c.socket, &unix.SockaddrLinklayer{Protocol: all, Ifindex: link.Index}),
		)
		if err != nil {
			unix.Close(c.socket)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("capture on %s: %w", name, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	c.stop = cancel
	go c.collect(ctx)
	return c, nil
}

// Stop ends the capture and returns its frames. An error means that frames are
// missing, so that nothing follows from those that are there.
func (c *Capture) Stop() ([]Frame, error) {
	c.stop()
	<-c.ended
	return c.Frames(), c.err
}

// Frames returns what was captured up to now.
func (c *Capture) Frames() []Frame {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.frames)
}

// collect reads until it is stopped and nothing more is waiting to be read.
func (c *Capture) collect(ctx context.Context) {
	defer close(c.ended)
	defer unix.Close(c.socket)
	data, control := make([]byte, 1<<16), make([]byte, 256)
	for {
		n, oobn, _, _, err := unix.Recvmsg(c.socket, data, control, 0)
		switch {
		case errors.Is(err, unix.EAGAIN) && ctx.Err() != nil:
			c.err = c.dropped()
			return
		case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EINTR):
		case err != nil:
			c.err = fmt.Errorf("capture: %w", err)
			return
		default:
			if f, ok := parseFrame(data[:n], control[:oobn]); ok {
				c.mu.Lock()
				c.frames = append(c.frames, f)
				c.mu.Unlock()
			}
		}
	}
}

// dropped returns an error if the kernel had no room for frames.
func (c *Capture) dropped() error {
	stats, err := unix.GetsockoptTpacketStats(c.socket, unix.SOL_PACKET, unix.PACKET_STATISTICS)
	if err == nil && stats.Drops > 0 {
		err = fmt.Errorf("capture: the kernel dropped %d frames", stats.Drops)
	}
	return err
}

// parseFrame reads a frame and the tag that the kernel put beside it, or the one
// inside of it.
func parseFrame(data, control []byte) (Frame, bool) {
	const header, tag = 14, 4
	if len(data) < header {
		return Frame{}, false
	}
	f := Frame{
		Destination: net.HardwareAddr(data[:6]).String(), Source: net.HardwareAddr(data[6:12]).String(),
		EtherType: binary.BigEndian.Uint16(data[12:]),
	}
	messages, _ := unix.ParseSocketControlMessage(control) // a broken one is no tag
	for _, m := range messages {
		// struct tpacket_auxdata (packet(7)): status is its first field, the tag its
		// second last but one.
		if m.Header.Level == unix.SOL_PACKET && m.Header.Type == unix.PACKET_AUXDATA && len(m.Data) >= 20 &&
			binary.NativeEndian.Uint32(m.Data)&unix.TP_STATUS_VLAN_VALID != 0 {
			f.Tagged, f.VLAN = true, int(binary.NativeEndian.Uint16(m.Data[16:]))&0xfff
		}
	}
	if f.EtherType == unix.ETH_P_8021Q && !f.Tagged && len(data) >= header+tag {
		f.Tagged, f.VLAN = true, int(binary.BigEndian.Uint16(data[14:]))&0xfff
		f.EtherType = binary.BigEndian.Uint16(data[16:])
	}
	return f, true
}
