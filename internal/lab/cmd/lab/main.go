// Command lab starts and stops disposable Docker nodes on this machine (see
// package lab), and finds an engine for whoever needs one.
//
//	lab up [-dir D] [-nodes N]   start a lab, default directory .homelab/lab
//	lab down [-dir D]            stop the lab in D, or every lab under .homelab
//	lab status [-dir D]          say what runs
//	lab env [-dir D]             print how to reach each node
//	lab install                  install what a lab needs, where that is possible
//	lab engine [-dir D]          print the DOCKER_HOST of an engine that answers;
//	                             where none does, start a throwaway one in
//	                             .homelab/engine
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"github.com/homelab-iac/terraform-provider-homelab/internal/lab"
)

// timeout bounds every command, with the installation of packages included.
const timeout = 10 * time.Minute

func main() {
	lab.MaybeInit()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1) //nolint:gocritic // the process ends, and with it what the deferred calls release
	}
}

// arguments are a command's flags after parsing.
type arguments struct {
	dir   string // "" if not given
	nodes int
}

func run(ctx context.Context, args []string, out, log io.Writer) error {
	commands := map[string]func(context.Context, arguments, io.Writer, io.Writer) error{
		"up": up, "down": down, "status": status, "env": env, "engine": engine, "install": install,
	}
	if len(args) == 0 || commands[args[0]] == nil {
		return errors.New("usage: lab up|down|status|env|install|engine [-dir D] [-nodes N]")
	}
	var a arguments
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	flags.SetOutput(log)
	flags.StringVar(&a.dir, "dir", "", "the lab's directory")
	flags.IntVar(&a.nodes, "nodes", 3, "how many nodes `up` starts")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	return commands[args[0]](ctx, a, out, log)
}

func up(ctx context.Context, a arguments, out, log io.Writer) error {
	opts := lab.Options{Dir: a.at("lab"), Nodes: a.nodes}
	if err := lab.Install(ctx, opts, log); err != nil {
		return err
	}
	if _, err := lab.Up(ctx, opts); err != nil {
		return err
	}
	return env(ctx, a, out, log)
}

// install prepares the machine for tests with a lab. Where it may not, the tests
// say so themselves, so that is no error here.
func install(ctx context.Context, _ arguments, _, log io.Writer) error {
	if os.Getenv("HOMELAB_TEST_HOST") != "" {
		return nil
	}
	if runtime.GOOS == "linux" && os.Geteuid() == 0 {
		return lab.Install(ctx, lab.Options{Tests: true}, log)
	}
	if err := lab.Supported(lab.Options{}); err != nil {
		fmt.Fprintln(log, err)
	}
	return nil
}

func down(ctx context.Context, a arguments, _, log io.Writer) error {
	var errs error
	for _, dir := range a.all() {
		l, err := lab.Open(dir)
		if errors.Is(err, lab.ErrNotFound) {
			continue
		}
		if err == nil {
			err = l.Down(ctx)
		}
		if err == nil {
			fmt.Fprintf(log, "stopped the lab in %s\n", dir)
		}
		errs = errors.Join(errs, err)
	}
	_ = os.Remove(filepath.Join(root(), ".homelab")) // only if it is empty
	return errs
}

func status(_ context.Context, a arguments, out, _ io.Writer) error {
	return a.each(func(l *lab.Lab) {
		fmt.Fprintf(out, "%s: %s\n", l.Dir, word(l.Running()))
		for _, n := range l.Nodes {
			fmt.Fprintf(out, "  %s %s %s %s\n", n.Name, n.Address, word(n.PoweredOn()), n.Host)
		}
	})
}

func env(_ context.Context, a arguments, out, _ io.Writer) error {
	if a.dir == "" {
		a.dir = a.at("lab")
	}
	return a.each(func(l *lab.Lab) {
		for _, n := range l.Nodes {
			fmt.Fprintf(out, "# %s (%s)\nexport DOCKER_HOST=%s\n", n.Name, n.Address, n.Host)
			if n.TCPHost != "" {
				fmt.Fprintf(out, "# or over TLS: export DOCKER_HOST=%s DOCKER_TLS_VERIFY=1 DOCKER_CERT_PATH=%s\n", n.TCPHost, filepath.Dir(l.CA))
				fmt.Fprintf(out, "# or over ssh: export DOCKER_HOST=%s PATH=%s:$PATH\n", n.SSHHost, l.Bin)
			}
		}
	})
}

// engine prints where an engine answers, and nothing else, on out.
func engine(ctx context.Context, a arguments, out, log io.Writer) error {
	for _, c := range lab.Candidates() {
		err := c.Ping(ctx)
		if err != nil {
			if c.Explicit {
				fmt.Fprintf(log, "no engine answers at %s (%s): %v\n", c.Host, c.Source, err)
			}
			continue
		}
		if c.CertPath != "" {
			fmt.Fprintf(log, "this engine needs DOCKER_TLS_VERIFY=1 DOCKER_CERT_PATH=%s\n", c.CertPath)
		}
		fmt.Fprintln(out, c.Host)
		return nil
	}
	return throwaway(ctx, lab.Options{Dir: a.at("engine"), HostNetwork: true}, out, log)
}

// throwaway starts an engine, or finds the one that an earlier call started.
func throwaway(ctx context.Context, opts lab.Options, out, log io.Writer) error {
	err := lab.Install(ctx, opts, log)
	if err == nil {
		err = lab.Supported(opts)
	}
	if err != nil {
		return fmt.Errorf("no Docker engine answers: install Docker Engine 20.10 or newer and start it, or set DOCKER_HOST; a throwaway one is not possible here: %w", err)
	}
	said := "no Docker engine answers, so a throwaway one was started"
	if old, err := lab.Open(opts.Dir); err == nil && old.Running() {
		said = "using the throwaway engine that runs"
	}
	l, err := lab.Up(ctx, opts)
	if err != nil {
		return err
	}
	fmt.Fprintf(log, "%s in %s; stop it with: make lab-down\n", said, l.Dir)
	fmt.Fprintln(out, l.Nodes[0].Host)
	return nil
}

func word(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

// at is the directory given, or the default one of that name.
func (a arguments) at(name string) string {
	if a.dir != "" {
		return a.dir
	}
	return filepath.Join(root(), ".homelab", name)
}

// all are the directories that a command without -dir is about.
func (a arguments) all() []string {
	if a.dir != "" {
		return []string{a.dir}
	}
	return []string{a.at("lab"), a.at("engine")}
}

// each calls do for the labs there are; none at all is an error.
func (a arguments) each(do func(*lab.Lab)) error {
	found := false
	for _, dir := range a.all() {
		l, err := lab.Open(dir)
		if errors.Is(err, lab.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		found = true
		do(l)
	}
	if !found {
		return errors.New("no lab is up")
	}
	return nil
}

// root is the directory of go.mod at or above the working directory, or the
// working directory itself.
func root() string {
	dir, err := os.Getwd()
	if err != nil {
		return "."
	}
	for at := dir; ; at = filepath.Dir(at) {
		if _, err := os.Stat(filepath.Join(at, "go.mod")); err == nil {
			return at
		}
		if at == filepath.Dir(at) {
			return dir
		}
	}
}
