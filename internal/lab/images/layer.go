package images

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
)

// Layer is a part of an image that others may share: a tar archive, in memory or
// in a file. See [LayerOf] and [LayerFile].
type Layer struct {
	// Digest is the archive's SHA-256 in hexadecimal digits.
	Digest  string
	content content
}

// LayerOf is a layer of entries.
func LayerOf(entries ...Entry) (Layer, error) {
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for _, e := range entries {
		if err := e.write(w); err != nil {
			return Layer{}, err
		}
	}
	if err := w.Close(); err != nil {
		return Layer{}, fmt.Errorf("make layer: %w", err)
	}
	return Layer{sum(buf.Bytes()), content{bytes: buf.Bytes()}}, nil
}

// LayerFile is a layer that is a tar archive in a file.
func LayerFile(path string) (Layer, error) {
	f, err := os.Open(path)
	if err != nil {
		return Layer{}, fmt.Errorf("read layer: %w", err)
	}
	defer f.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, f); err != nil {
		return Layer{}, fmt.Errorf("read layer: %w", err)
	}
	return Layer{hex.EncodeToString(hash.Sum(nil)), content{path: path}}, nil
}

// Entry is a file, directory or symbolic link of a layer.
type Entry struct {
	// Path is absolute; one that ends with a slash is a directory.
	Path string
	// Content is a regular file's.
	Content []byte
	// Link is a symbolic link's target; "" for everything else.
	Link string
	// Mode are the permissions; 0 means 0755.
	Mode int64
	// Owner is the user and the group.
	Owner int
}

func (e Entry) write(w *tar.Writer) error {
	header := tar.Header{
		Name: strings.TrimPrefix(e.Path, "/"), Mode: e.Mode, Uid: e.Owner, Gid: e.Owner,
		Typeflag: tar.TypeReg, Size: int64(len(e.Content)), Format: tar.FormatPAX,
	}
	if e.Mode == 0 {
		header.Mode = 0o755
	}
	switch {
	case e.Link != "":
		header.Typeflag, header.Linkname, header.Size = tar.TypeSymlink, e.Link, 0
	case strings.HasSuffix(e.Path, "/"):
		header.Typeflag, header.Size = tar.TypeDir, 0
	}
	err := w.WriteHeader(&header)
	if err == nil && header.Typeflag == tar.TypeReg {
		_, err = w.Write(e.Content)
	}
	if err != nil {
		return fmt.Errorf("pack %s: %w", e.Path, err)
	}
	return nil
}

// content is what a file of an archive holds: bytes, or what another file does.
type content struct {
	bytes []byte
	path  string // "" for bytes
}

// open returns the content and its size.
func (c content) open() (io.ReadCloser, int64, error) {
	if c.path == "" {
		return io.NopCloser(bytes.NewReader(c.bytes)), int64(len(c.bytes)), nil
	}
	f, err := os.Open(c.path)
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, 0, err
	}
	return f, info.Size(), nil
}

// pack writes files into an archive in the order of their names, so that equal
// files make equal archives.
func pack(to io.Writer, files map[string]content) error {
	w := tar.NewWriter(to)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		from, size, err := files[name].open()
		if err != nil {
			return fmt.Errorf("pack %s: %w", name, err)
		}
		err = w.WriteHeader(&tar.Header{Name: strings.TrimPrefix(name, "/"), Mode: 0o755, Size: size, Format: tar.FormatPAX})
		if err == nil {
			_, err = io.Copy(w, from)
		}
		from.Close()
		if err != nil {
			return fmt.Errorf("pack %s: %w", name, err)
		}
	}
	return w.Close()
}
