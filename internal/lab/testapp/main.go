//go:build unix

// Command testapp is what the containers of this repository's acceptance tests
// run. It is built as a static program and is the only one in its image (package
// images).
//
//	testapp serve [flags]   serve HTTP until SIGTERM, then exit 0 once what it was asked is answered
//	testapp proxy [flags]   serve what -upstream answers
//	testapp load [flags]    ask -url again and again, and serve the counts
//	testapp health [flags]  a HEALTHCHECK: exit 0 or 1 with a message
//	testapp job [flags]     wait, then exit with a code
//	testapp note [flags]    append -log, the user, $HOOK and the directory to -file
//	testapp sleep           wait for SIGTERM or SIGINT
package main

import (
	"crypto/sha256"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// behavior is what the flags ask for; every command takes all of them.
type behavior struct {
	addr, url, file, line       string
	upstream, broken            string
	pair, trust                 string
	show, sum, keep             string
	unhealthy, ignoreTerm       bool
	healthyAfter, exitAfter, in time.Duration
	code                        int
	started                     time.Time
}

func main() {
	b := behavior{started: time.Now()}
	command, args := "serve", os.Args[1:]
	if len(args) > 0 && args[0] != "" && args[0][0] != '-' {
		command, args = args[0], args[1:]
	}
	flags := flag.NewFlagSet(command, flag.ExitOnError)
	flags.StringVar(&b.addr, "addr", ":8080", "serve: where to listen")
	flags.StringVar(&b.url, "url", "http://127.0.0.1:8080/healthz", "health: what must answer 200")
	flags.StringVar(&b.file, "file", "", "health: a file that must exist, instead of -url; note: the file to append to")
	flags.StringVar(&b.upstream, "upstream", "", "proxy: the URL that it stands for")
	flags.StringVar(&b.broken, "broken", "", "a file that makes the program exit with 1 while it begins with yes")
	flags.StringVar(&b.line, "log", "", "a line to print on stderr at the start")
	flags.BoolVar(&b.unhealthy, "unhealthy", false, "serve: /healthz always fails")
	flags.DurationVar(&b.healthyAfter, "healthy-after", 0, "serve: /healthz fails until then")
	flags.DurationVar(&b.exitAfter, "exit-after", 0, "serve, sleep: exit with -code after that")
	flags.IntVar(&b.code, "code", 0, "the exit code of -exit-after and job")
	flags.BoolVar(&b.ignoreTerm, "ignore-term", false, "serve, sleep: ignore SIGTERM")
	flags.DurationVar(&b.in, "sleep", 0, "job: exit after that")
	flags.StringVar(&b.show, "print", "", "job: a file to print")
	flags.StringVar(&b.keep, "copy", "", "job: FROM:TO copies a file")
	flags.StringVar(&b.sum, "sum", "", "job: FROM:TO writes the SHA-256 of a file into another")
	flags.StringVar(&b.pair, "pair", "", "serve: CHAIN:KEY, files to serve HTTPS with; health: to be known by")
	flags.StringVar(&b.trust, "trust", "", "serve: the authority's file by which clients have to be known; health: by which the server has to")
	eat := flags.Int("eat", 0, "MiB of memory to use up at the start")
	_ = flags.Parse(args) // exits
	eaten := make([]byte, *eat<<20)
	for i := range eaten { // memory that nobody wrote to is not used
		eaten[i] = 1
	}
	if b.line != "" {
		fmt.Fprintln(os.Stderr, b.line)
	}
	if content, _ := os.ReadFile(b.broken); strings.HasPrefix(string(content), "yes") {
		fmt.Fprintln(os.Stderr, "broken by", b.broken)
		os.Exit(1)
	}
	os.Exit(b.run(command))
}

func (b behavior) run(command string) int {
	switch command {
	case "serve":
		http.HandleFunc("/", root)
		http.HandleFunc("/env", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, os.Getenv(r.FormValue("k"))) })
		http.HandleFunc("/file", file)
		http.HandleFunc("/stat", status)
		http.HandleFunc("/dial", dial)
		http.HandleFunc("/healthz", b.healthz)
		http.HandleFunc("/exit", func(http.ResponseWriter, *http.Request) { os.Exit(1) })
		http.HandleFunc("/sicken", func(http.ResponseWriter, *http.Request) { sick.Store(true) })
		return b.serve(http.DefaultServeMux)
	case "proxy":
		return b.serve(proxy(b.upstream))
	case "load":
		return b.serve(load(b.url))
	case "sleep":
		return b.wait()
	case "job":
		time.Sleep(b.in)
		return b.job()
	case "health":
		return b.health()
	case "note":
		return b.note()
	}
	fmt.Fprintf(os.Stderr, "unknown command %q\n", command)
	return 2
}

// wait returns the exit code when it is time to end.
func (b behavior) wait() int {
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGTERM, syscall.SIGINT)
	var timeout <-chan time.Time
	if b.exitAfter > 0 {
		timeout = time.After(b.exitAfter)
	}
	for {
		select {
		case s := <-end:
			fmt.Fprintln(os.Stderr, "got", s)
			if !b.ignoreTerm {
				return 0
			}
		case <-timeout:
			return b.code
		}
	}
}

// sick makes /healthz fail until the process ends.
var sick atomic.Bool

// job does what the flags name, as a step of an image build.
func (b behavior) job() int {
	if b.show != "" {
		content, err := os.ReadFile(b.show)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		fmt.Printf("%s\n", content)
	}
	for _, pair := range []string{b.sum, b.keep} {
		from, to, ok := strings.Cut(pair, ":")
		if !ok {
			continue
		}
		content, err := os.ReadFile(from)
		if err == nil && pair == b.sum {
			content = fmt.Appendf(nil, "%x\n", sha256.Sum256(content))
		}
		if err == nil {
			err = os.WriteFile(to, content, 0o644)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	return b.code
}

func root(w http.ResponseWriter, _ *http.Request) {
	host, _ := os.Hostname()
	fmt.Fprintf(w, "name=%s\nhostname=%s\n", os.Getenv("NAME"), host)
}

func file(w http.ResponseWriter, r *http.Request) {
	b, err := os.ReadFile(r.FormValue("path"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	_, _ = w.Write(b)
}

// status replies "uid:gid mode" of a file, and the process's own for no path.
func status(w http.ResponseWriter, r *http.Request) {
	if r.FormValue("path") == "" {
		fmt.Fprintf(w, "%d:%d", os.Getuid(), os.Getgid())
		return
	}
	info, err := os.Stat(r.FormValue("path"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	if owner, ok := info.Sys().(*syscall.Stat_t); ok {
		fmt.Fprintf(w, "%d:%d %04o", owner.Uid, owner.Gid, info.Mode().Perm())
	}
}

// dial replies whether a TCP address can be reached from here.
func dial(w http.ResponseWriter, r *http.Request) {
	conn, err := net.DialTimeout("tcp", r.FormValue("addr"), 2*time.Second)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	conn.Close()
	io.WriteString(w, "ok")
}

func (b behavior) healthz(w http.ResponseWriter, _ *http.Request) {
	switch {
	case sick.Load():
		http.Error(w, "unhealthy: sickened", http.StatusServiceUnavailable)
	case b.unhealthy:
		http.Error(w, "unhealthy: -unhealthy was given", http.StatusServiceUnavailable)
	case time.Since(b.started) < b.healthyAfter:
		http.Error(w, "unhealthy: not yet", http.StatusServiceUnavailable)
	default:
		io.WriteString(w, "healthy\n")
	}
}

func (b behavior) note() int {
	syscall.Umask(0) // other users append to it too
	file, err := os.OpenFile(b.file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer file.Close()
	directory, _ := os.Getwd()
	fmt.Fprintf(file, "%s uid=%d HOOK=%s in %s\n", b.line, os.Getuid(), os.Getenv("HOOK"), directory)
	return b.code
}

// health checks what the flags name, and prints why.
func (b behavior) health() int {
	if b.unhealthy {
		fmt.Println("unhealthy: -unhealthy was given")
		return 1
	}
	if b.file != "" {
		if _, err := os.Stat(b.file); err != nil {
			fmt.Println("unhealthy:", err)
			return 1
		}
		fmt.Println("healthy")
		return 0
	}
	transport, err := b.client()
	if err != nil {
		fmt.Println("unhealthy:", err)
		return 1
	}
	c := http.Client{Timeout: 2 * time.Second, Transport: transport}
	resp, err := c.Get(b.url)
	if err != nil {
		fmt.Println("unhealthy:", err)
		return 1
	}
	defer resp.Body.Close()
	_, _ = io.Copy(os.Stdout, resp.Body)
	if resp.StatusCode != http.StatusOK {
		return 1
	}
	return 0
}
