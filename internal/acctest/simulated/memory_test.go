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

// watchMemory looks at the providers that a Terraform started until it ends, and
// returns the most memory, in bytes, that one of them ever held. It is 0 where
// the system does not tell.
func watchMemory(p *acctest.Process) (most int64) {
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for {
		for _, status := range childrenOf(p.ID()) {
			most = max(most, 1024*numberOf(status, "VmHWM:"))
		}
		select {
		case <-p.Done():
			return most
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

func numberOf(status, field string) int64 {
	_, rest, _ := strings.Cut(status, field)
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
