//go:build unix

// Command standin stands for the program of any image: whatever it is called and
// whatever its arguments are, the first of a container runs until a signal, and
// every later one, as a health check or a hook, succeeds at once.
//
// The file /.standin is locked by the first one. Its lines are the arguments of
// jobs, as JSON lists: a container whose arguments end with one of them succeeds at
// once too.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
)

const jobs = "/.standin"

func main() {
	text, err := os.ReadFile(jobs)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	file, err := os.Open(jobs)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	defer file.Close()
	// Each container has a layer of its own above the file, and so a lock of its own.
	if syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil || isJob(string(text)) {
		return
	}
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGWINCH, syscall.SIGALRM)
	<-end
}

// isJob reports whether this program's arguments end with those of a job.
func isJob(text string) bool {
	for line := range strings.Lines(text) {
		var job []string
		if json.Unmarshal([]byte(line), &job) != nil {
			continue
		}
		rest := len(os.Args) - len(job)
		if len(job) == 0 && len(os.Args) == 1 || len(job) > 0 && rest >= 0 && slices.Equal(os.Args[rest:], job) {
			return true
		}
	}
	return false
}
