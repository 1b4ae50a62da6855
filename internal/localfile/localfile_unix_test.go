//go:build unix

package localfile

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestOpen_NeitherFileNorDirectory_IsAnErrorAtOnce(t *testing.T) {
	dir := t.TempDir()
	pipe, socket := filepath.Join(dir, "pipe"), filepath.Join(dir, "socket")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	for path, kind := range map[string]string{pipe: "named pipe", socket: "socket", "/dev/zero": "device"} {
		_, stat := Stat(path)
		_, open := Open(path)
		for _, err := range []error{stat, open} {
			var special *KindError
			if !errors.As(err, &special) || special.Kind != kind || !strings.Contains(err.Error(), path) {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
	if text, err := ReadFile(os.DevNull); err != nil || len(text) > 0 {
		t.Errorf("%q, %v", text, err)
	}
}

func TestNewReader_ContextEnded_Fails(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := io.ReadAll(NewReader(ctx, strings.NewReader("text"))); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
