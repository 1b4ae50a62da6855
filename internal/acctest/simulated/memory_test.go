package simulated_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
)

const megabyte = 1 << 20

// cost is what a command of Terraform took of the machine; 0 where the system does
// not tell.
type cost struct {
	memory    int64         // the most that one of its providers ever held, in bytes
	provider  time.Duration // the most that one of its providers computed
	terraform time.Duration // what it computed itself
}

// watch looks at a Terraform and the providers that it started until it ends.
func watch(p *acctest.Process) (c cost) {
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for {
		for _, status := range childrenOf(p.ID()) {
			c.memory = max(c.memory, 1024*numberOf(status, "VmHWM:"))
			c.provider = max(c.provider, computedBy(numberOf(status, "Pid:")))
		}
		c.terraform = max(c.terraform, computedBy(int64(p.ID())))
		select {
		case <-p.Done():
			return c
		case <-ticker.C:
		}
	}
}

// childrenOf returns what the kernel says of the processes with that parent.
func childrenOf(parent int) []string {
	files, _ := filepath.Glob("/proc/[0-9]*/status") // there are none elsewhere
	var children []string
	for _, file := range files {
		status, err := os.ReadFile(file)
		if err == nil && numberOf(string(status), "PPid:") == int64(parent) {
			children = append(children, string(status))
		}
	}
	return children
}

// computedBy is how long a process has computed: the 14th and 15th field of its
// stat, in hundredths of a second (proc(5)).
func computedBy(pid int64) time.Duration {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest)
	if err != nil || len(fields) < 13 {
		return 0
	}
	var ticks int64
	for _, field := range fields[11:13] {
		if n, err := strconv.ParseInt(field, 10, 64); err == nil {
			ticks += n
		}
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}

func numberOf(status, field string) int64 {
	_, rest, _ := strings.Cut("\n"+status, "\n"+field)
	words := strings.Fields(rest)
	if len(words) == 0 {
		return 0
	}
	n, err := strconv.ParseInt(words[0], 10, 64)
	if err != nil {
		return 0
	}
	return n
}

func inMegabytes(bytes int64) string { return fmt.Sprintf("%d MB", bytes/megabyte) }
