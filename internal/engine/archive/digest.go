package archive

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"slices"
	"strings"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/localfile"
)

// digestVersion goes up whenever the same entries would digest differently.
const digestVersion = "homelab-files-1"

// Digest returns "sha256:" and 64 hexadecimal digits over the entries' paths,
// types, modes, owners, link targets and contents. It reads local files in a
// stream and depends neither on modification times nor on the entries' order.
// It returns an error for a file that cannot be read, and when ctx ends.
func Digest(ctx context.Context, entries []desired.Entry) (string, error) {
	sorted := slices.Clone(entries)
	slices.SortFunc(sorted, func(a, b desired.Entry) int { return strings.Compare(a.Path, b.Path) })
	h := sha256.New()
	fmt.Fprintf(h, "%s\n", digestVersion)
	for i := range sorted {
		if err := digestEntry(ctx, h, &sorted[i]); err != nil {
			return "", err
		}
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil)), nil
}

func digestEntry(ctx context.Context, h hash.Hash, e *desired.Entry) error {
	fmt.Fprintf(h, "%d:%s type=%d mode=%o owner=%d:%d link=%d:%s ",
		len(e.Path), e.Path, e.Type, e.Mode, e.UID, e.GID, len(e.Link), e.Link)
	if e.Type != desired.EntryFile {
		fmt.Fprintln(h)
		return nil
	}
	content, err := contentHash(ctx, e)
	if err != nil {
		return err
	}
	fmt.Fprintf(h, "content=%x\n", content)
	return nil
}

func contentHash(ctx context.Context, e *desired.Entry) ([]byte, error) {
	if e.Local == "" {
		sum := sha256.Sum256(e.Content)
		return sum[:], nil
	}
	f, err := localfile.Open(e.Local)
	if err != nil {
		return nil, unreadable(e.Local, err)
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, localfile.NewReader(ctx, f)); err != nil {
		return nil, unreadable(e.Local, err)
	}
	return h.Sum(nil), nil
}
