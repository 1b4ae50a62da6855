package lab

import (
	"errors"
	"fmt"
	"log"
	"os"
	"syscall"
	"time"
)

const (
	// programsDir is where a node has Options.Programs.
	programsDir = "/run/lab-programs"
	// restartDelay keeps a daemon that fails at once from using a whole core.
	restartDelay = 200 * time.Millisecond
	// dialTimeout bounds the hub's connection to a node.
	dialTimeout = 5 * time.Second
	// A daemon that ends maxFailures times in a row, each time within
	// failureWindow of its start, will not start: the node gives up.
	maxFailures   = 4
	failureWindow = 5 * time.Second
)

// service is a program that a node's process 1 keeps running, as systemd would.
type service struct {
	path     string
	args     []string
	started  time.Time
	failures int
}

// supervise runs the node's daemons, starts them again whenever they end, and
// reaps every orphan of the node. It returns only with an error.
func supervise(cfg initConfig, dockerd string) error {
	services := []service{{path: dockerd, args: append([]string{"dockerd"}, cfg.Dockerd[1:]...)}}
	if !cfg.HostNetwork {
		if err := os.MkdirAll("/run/sshd", 0o755); err != nil { // its privilege separation directory
			return fmt.Errorf("make directory: %w", err)
		}
		services = append(services, service{path: "/usr/sbin/sshd", args: []string{"/usr/sbin/sshd", "-D", "-e"}})
	}
	if err := os.Setenv("PATH", programsDir+":"+os.Getenv("PATH")); err != nil {
		return fmt.Errorf("set PATH: %w", err)
	}
	running := map[int]service{}
	for _, s := range services {
		if err := start(s, running); err != nil {
			return err
		}
	}
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, 0, nil)
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if err != nil {
			return fmt.Errorf("wait for processes: %w", err)
		}
		s, ours := running[pid]
		if !ours {
			continue
		}
		delete(running, pid)
		if err := s.ended(status); err != nil {
			return err
		}
		time.Sleep(restartDelay)
		if err := start(s, running); err != nil {
			return err
		}
	}
}

// ended counts a service's early ends; it fails when there were too many.
func (s *service) ended(status syscall.WaitStatus) error {
	s.failures++
	if time.Since(s.started) > failureWindow {
		s.failures = 0
	}
	why := fmt.Sprintf("%s ended with exit code %d", s.args[0], status.ExitStatus())
	if status.Signaled() {
		why = fmt.Sprintf("%s ended by signal: %s", s.args[0], status.Signal())
	}
	if s.failures >= maxFailures {
		return fmt.Errorf("%s, %d times in a row", why, s.failures)
	}
	log.Print(why + ": starting it again")
	return nil
}

// start runs a service in the node and notes its process.
func start(s service, running map[int]service) error {
	pid, err := syscall.ForkExec(s.path, s.args, &syscall.ProcAttr{
		Dir: "/", Env: os.Environ(), Files: []uintptr{0, 1, 2}, Sys: &syscall.SysProcAttr{Setsid: true},
	})
	if err != nil {
		return fmt.Errorf("start %s: %w", s.args[0], err)
	}
	s.started = time.Now()
	running[pid] = s
	return nil
}
