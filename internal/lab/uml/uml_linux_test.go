package uml

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/netns"
)

func TestMain(m *testing.M) {
	MaybeInit()
	os.Exit(m.Run())
}

// A test of tags proves nothing if a tag could be missed, or seen where there is
// none.
func TestCapture_TaggedAndUntaggedFrames_AreToldApart(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("making network namespaces needs root")
	}
	network, err := netns.New()
	if err != nil {
		t.Fatal(err)
	}
	defer network.Close()
	err = network.Do(func() error {
		return runWith(t.Context(), "link add near type veth peer name far\nlink set near up\nlink set far up\n", "ip", "-batch", "-")
	})
	if err != nil {
		t.Fatal(err)
	}
	capture, err := listen(network, "far")
	if err != nil {
		t.Fatal(err)
	}
	const tagged, bare = "02:00:00:00:00:20", "02:00:00:00:00:01"
	want := map[string]Frame{
		tagged: {Source: tagged, Destination: "02:00:00:00:00:ff", Tagged: true, VLAN: 20, EtherType: 0x88b5},
		bare:   {Source: bare, Destination: "02:00:00:00:00:ff", EtherType: 0x88b5},
	}
	got := sendUntilSeen(t, network, capture, want)
	for source, frame := range want {
		if got[source] != frame {
			t.Errorf("got %v, want %v", got[source], frame)
		}
	}
}

// send puts frames on interface near.
func send(frames map[string]Frame) error {
	link, err := net.InterfaceByName("near")
	if err != nil {
		return err
	}
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	for _, f := range frames {
		to, _ := net.ParseMAC(f.Destination)
		from, _ := net.ParseMAC(f.Source)
		data := append(append([]byte{}, to...), from...)
		if f.Tagged {
			data = append(data, 0x81, 0x00, byte(f.VLAN>>8), byte(f.VLAN))
		}
		data = append(data, byte(f.EtherType>>8), byte(f.EtherType))
		data = append(data, make([]byte, 64)...)
		if err := unix.Sendto(fd, data, 0, &unix.SockaddrLinklayer{Ifindex: link.Index, Halen: 6}); err != nil {
			return err
		}
	}
	return nil
}

// sendUntilSeen returns the captured frames of the wanted sources. A new link drops
// what is sent before it has noticed its other end.
func sendUntilSeen(t *testing.T, network *netns.Namespace, c *Capture, want map[string]Frame) map[string]Frame {
	t.Helper()
	got := map[string]Frame{}
	for deadline := time.Now().Add(time.Minute); len(got) < len(want); time.Sleep(pollInterval) {
		if err := network.Do(func() error { return send(want) }); err != nil {
			t.Fatal(err)
		}
		for _, f := range c.Frames() {
			if _, ok := want[f.Source]; ok {
				got[f.Source] = f
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("only %v came", got)
		}
	}
	if _, err := c.Stop(); err != nil {
		t.Fatal(err)
	}
	return got
}

func TestDoomed_PanicOnTheConsole_IsSeen(t *testing.T) {
	if !doomed([]byte("...\n[   3.1] Kernel panic - not syncing: Attempted to kill init!\n")) {
		t.Error("a panic is not seen")
	}
	if doomed([]byte("API listen on 10.99.0.11:2375\n")) {
		t.Error("a guest that runs is given up")
	}
}

func TestCheckProcessor_WithAMX_IsRefused(t *testing.T) {
	for flags, want := range map[string]error{"flags : fpu avx512f pku": nil, "flags : fpu avx512f amx_tile amx_int8": ErrProcessor} {
		file := filepath.Join(t.TempDir(), "cpuinfo")
		if err := os.WriteFile(file, []byte("processor : 0\n"+flags+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := checkProcessor(file); !errors.Is(got, want) || want == nil && got != nil {
			t.Errorf("%s: %v", flags, got)
		}
	}
}

func TestUp_NoKernel_SaysSoAndLeavesNothing(t *testing.T) {
	dir := t.TempDir() + "/lab"
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if _, err := Up(ctx, Options{Dir: dir, Kernel: t.TempDir()}); err == nil {
		t.Fatal("guests started without a kernel")
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the lab's directory is still there: %v", err)
	}
}
