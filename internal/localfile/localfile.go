// Package localfile reads what a configuration names where Terraform runs. It refuses
// what is neither a regular file nor a directory: opening a named pipe may wait
// for ever. [os.DevNull] counts as an empty file.
package localfile

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// KindError says that a path is something that cannot be read.
type KindError struct {
	// Kind is what it is, such as "named pipe".
	Kind string
}

func (e *KindError) Error() string {
	return "it is a " + e.Kind + ", and only regular files and directories can be read"
}

// Stat is [os.Stat] that returns an error with a [KindError] for what is neither a
// regular file nor a directory, and none of the allowed types.
func Stat(path string, allowed ...fs.FileMode) (fs.FileInfo, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	for _, kind := range allowed {
		if info.Mode().Type() == kind {
			return info, nil
		}
	}
	return info, check(path, info)
}

// Open is [os.Open] of a regular file. It never waits for a writer.
func Open(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		if _, special := Stat(path); errors.As(special, new(*KindError)) {
			return nil, special // a socket cannot even be opened
		}
		return nil, err
	}
	info, err := file.Stat()
	if err == nil {
		err = check(path, info)
	}
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	return file, nil
}

// ReadFile is [os.ReadFile] of a regular file.
func ReadFile(path string) ([]byte, error) {
	file, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(file)
}

// NewReader returns a reader that fails once ctx has ended, for a file of any size.
func NewReader(ctx context.Context, r io.Reader) io.Reader { return reader{ctx, r} }

type reader struct {
	ctx context.Context
	r   io.Reader
}

func (r reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p)
}

func check(path string, info fs.FileInfo) error {
	if info.Mode().IsRegular() || info.IsDir() || filepath.Clean(path) == os.DevNull {
		return nil
	}
	return &fs.PathError{Op: "read", Path: path, Err: &KindError{Kind(info.Mode())}}
}

// Kind names the type of a file that is neither regular nor a directory.
func Kind(mode fs.FileMode) string {
	switch {
	case mode&fs.ModeSocket != 0:
		return "socket"
	case mode&fs.ModeNamedPipe != 0:
		return "named pipe"
	case mode&fs.ModeDevice != 0:
		return "device"
	}
	return "special file"
}
