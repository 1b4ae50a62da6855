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

// watch looks at the providers that a Terraform started until it ends, and returns
// the most memory, in bytes, that one of them ever held, and the most time that one
// computed. They are 0 where the system does not tell.
func watch(p *acctest.Process) (memory int64, computed time.Duration) {
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for {
		for _, status := range childrenOf(p.ID()) {
			memory = max(memory, 1024*numberOf(status, "VmHWM:"))
			computed = max(computed, computedBy(numberOf(status, "Pid:")))
		}
		select {
		case <-p.Done():
			return memory, computed
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
