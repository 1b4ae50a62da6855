package archive

import (
	"archive/tar"
	"context"
	"fmt"
	"io"
	"io/fs"
	"time"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/localfile"
)

// The mode bits of a tar header beyond the permissions (POSIX ustar).
const (
	tarSetUID = 0o4000
	tarSetGID = 0o2000
	tarSticky = 0o1000
)

// Tar writes the entries to w as a tar stream, in their order and with every
// modification time at the Unix epoch, so that equal entries give equal bytes.
// Local files are streamed. It returns an error that names the file for one
// that cannot be read or whose size is no longer [desired.Entry.SizeBytes], and
// the context's error when it ends; the stream is then incomplete.
func Tar(ctx context.Context, w io.Writer, entries []desired.Entry) error {
	tw := tar.NewWriter(w)
	for i := range entries {
		if err := writeEntry(ctx, tw, &entries[i]); err != nil {
			return err
		}
	}
	if err := tw.Close(); err != nil {
		return fmt.Errorf("finish archive: %w", err)
	}
	return nil
}

func writeEntry(ctx context.Context, tw *tar.Writer, e *desired.Entry) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	header := headerOf(e)
	if e.Type == desired.EntryFile && e.Local != "" {
		return writeLocal(ctx, tw, header, e)
	}
	if err := tw.WriteHeader(header); err != nil {
		return fmt.Errorf("archive %s: %w", e.Path, err)
	}
	if e.Type != desired.EntryFile {
		return nil
	}
	if _, err := tw.Write(e.Content); err != nil {
		return fmt.Errorf("archive %s: %w", e.Path, err)
	}
	return nil
}

func headerOf(e *desired.Entry) *tar.Header {
	header := &tar.Header{
		Name: e.Path, Mode: tarMode(fs.FileMode(e.Mode)), Uid: e.UID, Gid: e.GID, ModTime: time.Unix(0, 0),
	}
	switch e.Type {
	case desired.EntryDirectory:
		header.Typeflag, header.Name = tar.TypeDir, e.Path+"/"
	case desired.EntrySymlink:
		header.Typeflag, header.Linkname = tar.TypeSymlink, e.Link
	default:
		header.Typeflag, header.Size = tar.TypeReg, int64(len(e.Content))
		if e.Local != "" {
			header.Size = e.SizeBytes
		}
	}
	return header
}

func tarMode(mode fs.FileMode) int64 {
	bits := int64(mode.Perm())
	for bit, value := range map[fs.FileMode]int64{fs.ModeSetuid: tarSetUID, fs.ModeSetgid: tarSetGID, fs.ModeSticky: tarSticky} {
		if mode&bit != 0 {
			bits |= value
		}
	}
	return bits
}

func writeLocal(ctx context.Context, tw *tar.Writer, header *tar.Header, e *desired.Entry) error {
	f, err := localfile.Open(e.Local)
	if err != nil {
		return unreadable(e.Local, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return unreadable(e.Local, err)
	}
	if !info.Mode().IsRegular() || info.Size() != e.SizeBytes {
		return changed(e)
	}
	if err := tw.WriteHeader(header); err != nil {
		return fmt.Errorf("archive %s: %w", e.Path, err)
	}
	// One byte more than announced is asked for: a file that grew shows it.
	n, err := io.Copy(tw, io.LimitReader(localfile.NewReader(ctx, f), e.SizeBytes))
	switch {
	case err != nil:
		return fmt.Errorf("archive %s: %w", e.Local, err)
	case n != e.SizeBytes:
		return changed(e)
	}
	if extra, _ := f.Read(make([]byte, 1)); extra > 0 {
		return changed(e)
	}
	return nil
}

func changed(e *desired.Entry) error {
	return fmt.Errorf("archive %s: the file changed since it was planned", e.Local)
}
