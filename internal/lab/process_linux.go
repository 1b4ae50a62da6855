package lab

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// pollInterval is how often a condition is looked at; contexts set the deadline.
const pollInterval = 20 * time.Millisecond

// poll calls ready until it reports true, fails, or ctx ends.
func poll(ctx context.Context, ready func() (bool, error)) error {
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		if ok, err := ready(); ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
}

// bootID tells this boot of the machine from every other (random(4)).
func bootID() (string, error) {
	b, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "", fmt.Errorf("read boot id: %w", err)
	}
	return strings.TrimSpace(string(b)), nil
}

// stat returns the state letter and start time of a process (proc(5)).
func stat(pid int) (state byte, start uint64, err error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, 0, err
	}
	// The name, field 2, is in parentheses and may hold anything.
	_, rest, found := strings.Cut(string(b[strings.LastIndexByte(string(b), ')')+1:]), " ")
	fields := strings.Fields(rest)
	if !found || len(fields) < 20 {
		return 0, 0, fmt.Errorf("read state of process %d: unknown format", pid)
	}
	start, err = strconv.ParseUint(fields[19], 10, 64)
	return fields[0][0], start, err
}

// identify returns the identity of a running process.
func identify(pid int) (process, error) {
	_, start, err := stat(pid)
	if err != nil {
		return process{}, fmt.Errorf("identify process %d: %w", pid, err)
	}
	return process{PID: pid, Start: start}, nil
}

// alive reports whether this very process runs; a zombie does not.
func (p process) alive() bool {
	if p.PID == 0 {
		return false
	}
	state, start, err := stat(p.PID)
	return err == nil && start == p.Start && state != 'Z' && state != 'X'
}

// kill ends this very process and waits for its end. Killing process 1 of a PID
// namespace ends every process in it first, and only then itself
// (pid_namespaces(7)). A process that already ended is no error.
func (p process) kill(ctx context.Context) error {
	if p.PID == 0 {
		return nil
	}
	// The descriptor pins the process: its number cannot be reused between the
	// look at its start time and the signal.
	fd, err := unix.PidfdOpen(p.PID, 0)
	if errors.Is(err, unix.ESRCH) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("open process %d: %w", p.PID, err)
	}
	defer unix.Close(fd)
	if !p.alive() {
		return nil
	}
	if err := unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0); err != nil && !errors.Is(err, unix.ESRCH) {
		return fmt.Errorf("kill process %d: %w", p.PID, err)
	}
	err = poll(ctx, func() (bool, error) { return !p.alive(), nil })
	if err != nil {
		return fmt.Errorf("wait for the end of process %d: %w", p.PID, err)
	}
	return nil
}

// lock makes dir if needed and holds it against other processes' Up and Down.
// unlock is always to be called.
func lock(ctx context.Context, dir string) (unlock func(), err error) {
	var fd int
	err = poll(ctx, func() (bool, error) {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return false, err
		}
		if fd, err = unix.Open(dir, unix.O_DIRECTORY|unix.O_CLOEXEC, 0); err != nil {
			return false, ignore(err, fs.ErrNotExist)
		}
		err := unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB)
		// A Down that held the lock before us has removed the directory.
		var held, now unix.Stat_t
		if err == nil && unix.Fstat(fd, &held) == nil && unix.Stat(dir, &now) == nil && held.Ino == now.Ino {
			return true, nil
		}
		unix.Close(fd)
		return false, ignore(err, unix.EWOULDBLOCK)
	})
	if err != nil {
		return func() {}, fmt.Errorf("lock %s: %w", dir, err)
	}
	return func() { unix.Close(fd) }, nil
}

// ignore returns err unless it is target.
func ignore(err, target error) error {
	if errors.Is(err, target) {
		return nil
	}
	return err
}
