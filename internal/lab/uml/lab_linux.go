package uml

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/netns"
)

const (
	guestPackage = "github.com/homelab-iac/terraform-provider-homelab/internal/lab/uml/guest"
	// bootTimeout bounds Up beside its context. Two guests take 13 s where nothing
	// else runs.
	bootTimeout = 6 * time.Minute
	// stopTimeout bounds the wait for a killed guest.
	stopTimeout = time.Minute
	maxGuests   = 9
)

// Options says what lab to start. The zero value of every field but Dir and
// Kernel is a usable default.
type Options struct {
	// Dir is the lab's state directory, which is made by Up and removed by Down.
	Dir string
	// Kernel is a directory that Fetch filled.
	Kernel string
	// Guests is the number of guests, named n1, n2 and so on; 0 means 1.
	Guests int
	// MemoryMiB is the most memory that a guest may have; 0 means 1024. The
	// machine gives what the guest uses.
	MemoryMiB int
	// Dockerd is the daemon's program; "" means the dockerd on the PATH.
	Dockerd string
	// DockerdArgs are appended to the daemon's command line. They have no spaces
	// or commas.
	DockerdArgs []string
	// Programs is a directory of programs which a guest prefers over the
	// machine's own; "" means none.
	Programs string
}

// Lab is a number of guests on one wire. Its methods are safe for concurrent use;
// its exported fields don't change.
type Lab struct {
	// Guests are n1, n2 and so on.
	Guests []*Guest

	dir     string
	kernel  kernel
	options Options
	network *netns.Namespace
}

// Up starts a lab and returns when every guest's engine answers. A lab that does
// not start leaves nothing behind; the error ends with the console of the guest
// at fault. The calling program has called MaybeInit.
func Up(ctx context.Context, opts Options) (lab *Lab, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, bootTimeout, errors.New("start took too long"))
	defer cancel()
	if opts.Guests = max(opts.Guests, 1); opts.Guests > maxGuests {
		return nil, fmt.Errorf("start guests: %d are wanted, %d are possible", opts.Guests, maxGuests)
	}
	if opts.MemoryMiB == 0 {
		opts.MemoryMiB = 1024
	}
	if opts.Dockerd == "" {
		opts.Dockerd = "dockerd"
	}
	l := &Lab{dir: opts.Dir, options: opts}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("start guests: %w", err), l.Down())
		}
	}()
	if l.kernel, err = find(opts.Kernel); err != nil {
		return nil, err
	}
	if err := l.prepare(ctx); err != nil {
		return nil, err
	}
	group, ctx := errgroup.WithContext(ctx)
	for _, g := range l.Guests {
		group.Go(func() error { return g.start(ctx) })
	}
	err = group.Wait()
	return l, err
}

// prepare makes the directories, the guests' program and the wire.
func (l *Lab) prepare(ctx context.Context) (err error) {
	if err := l.share(ctx); err != nil {
		return err
	}
	if l.network, err = netns.New(); err != nil {
		return err
	}
	commands := []string{"link set lo up"}
	for _, bridge := range []string{managementBridge, wireBridge} {
		commands = append(commands, "link add "+bridge+" type bridge", "link set "+bridge+" up")
	}
	commands = append(commands, "addr add "+hostAddress+" dev "+managementBridge)
	for i := range l.options.Guests {
		g := newGuest(l, i+1)
		l.Guests = append(l.Guests, g)
		for _, tap := range []struct{ name, bridge string }{{g.managementTap(), managementBridge}, {g.wireTap(), wireBridge}} {
			commands = append(commands, "tuntap add "+tap.name+" mode tap", "link set "+tap.name+" master "+tap.bridge+" up")
		}
	}
	return l.network.Do(func() error {
		return runWith(ctx, strings.Join(commands, "\n")+"\n", "ip", "-batch", "-")
	})
}

// share fills the directory that guests have as SharedDir.
func (l *Lab) share(ctx context.Context) error {
	dir := filepath.Join(l.dir, "share")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make directory: %w", err)
	}
	// The kernel of a guest lacks nftables for IPv4, which the plain names may use.
	links := map[string]string{"modprobe": "guest"}
	for _, family := range []string{"iptables", "ip6tables"} {
		for _, suffix := range []string{"", "-save", "-restore"} {
			links[family+suffix] = "/usr/sbin/xtables-legacy-multi"
		}
	}
	for name, target := range links {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			return fmt.Errorf("make link: %w", err)
		}
	}
	return buildGuest(ctx, filepath.Join(dir, "guest"))
}

// Down ends the guests and removes the lab. It may be called again.
func (l *Lab) Down() error {
	var errs []error
	for _, g := range l.Guests {
		errs = append(errs, g.stop())
	}
	if l.network != nil {
		errs = append(errs, l.network.Close())
		l.network = nil
	}
	return errors.Join(append(errs, os.RemoveAll(l.dir))...)
}
