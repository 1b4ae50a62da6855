package handshake

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"io"
	"os"
	"strings"
)

// certificateField is where the line by which a plugin announces itself has its
// certificate: "core version|version|network|address|protocol|certificate", and
// maybe more (go-plugin, docs/internals.md).
const certificateField = 5

// announce puts the certificate into the line that the plugin library is about to
// write to standard output: it does so only for a certificate that it made
// itself. All that follows goes through unchanged.
func announce(der []byte) error {
	r, w, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("take over standard output: %w", err)
	}
	out := os.Stdout
	os.Stdout = w
	go func() { _ = relay(out, r, der) }() // when nobody reads it any more, nobody misses it
	return nil
}

// relay copies lines, the first one completed with the certificate.
func relay(out io.Writer, in io.Reader, der []byte) error {
	lines := bufio.NewReader(in)
	first, err := lines.ReadString('\n')
	if err != nil {
		return err
	}
	if _, err := io.WriteString(out, complete(first, der)); err != nil {
		return err
	}
	_, err = io.Copy(out, lines)
	return err
}

// complete puts the certificate into an announcement that lacks one; any other
// line stays as it is.
func complete(line string, der []byte) string {
	fields := strings.Split(strings.TrimSuffix(line, "\n"), "|")
	if len(fields) <= certificateField || fields[certificateField] != "" {
		return line
	}
	fields[certificateField] = base64.RawStdEncoding.EncodeToString(der)
	return strings.Join(fields, "|") + "\n"
}
