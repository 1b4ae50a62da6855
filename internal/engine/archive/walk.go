package archive

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/moby/patternmatcher"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/localfile"
)

// Tree is what a directory has to deliver.
type Tree struct {
	Entries []desired.Entry
	// LeftOut are the paths of what Terraform and Git keep there for themselves and
	// the ignore file does not mention, relative to the directory with slashes,
	// sorted. What is below them is left out too.
	LeftOut []string
}

// Walk reads the directory root and returns its members in the order of a
// lexical walk, parents before children; root itself is not among them. Links
// below root are kept as links and never followed. Owners are left at 0. What
// [IgnoreFile] in root excludes is left out, and so are that file and what
// Terraform and Git keep for themselves ([Tree.LeftOut]).
//
// It returns an error that names the path for what cannot be read and for
// anything that is not a file, directory or symbolic link.
func Walk(ctx context.Context, root string) (Tree, error) {
	ignore, err := readIgnore(filepath.Join(root, IgnoreFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR) {
		return Tree{}, err
	}
	if err == nil {
		ignore = append(ignore, IgnoreFile)
	}
	return walk(ctx, root, ignore, false)
}

// walk leaves out what the patterns of an ignore file exclude; later ones win, and
// "!" takes an exclusion back.
func walk(ctx context.Context, root string, ignore []string, skipSockets bool) (Tree, error) {
	filter, err := newFilter(ignore)
	if err != nil {
		return Tree{}, err
	}
	root, err = directory(root)
	if err != nil {
		return Tree{}, err
	}
	var tree Tree
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			return unreadable(path, err)
		}
		if path == root {
			return nil
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return unreadable(path, err)
		}
		skip, err := filter.skip(rel, d.IsDir())
		if skip || err != nil || skipSockets && d.Type()&fs.ModeSocket != 0 {
			return err
		}
		return tree.add(filter, path, rel, d)
	})
	return tree, err
}

// add adds a member, or notes that it is left out.
func (t *Tree) add(f *filter, path, rel string, d fs.DirEntry) error {
	own, err := f.own(path, rel, d)
	if err != nil {
		return err
	}
	if own {
		t.LeftOut = append(t.LeftOut, filepath.ToSlash(rel))
		if d.IsDir() {
			return fs.SkipDir
		}
		return nil
	}
	e, err := entry(path, filepath.ToSlash(rel), d)
	if err != nil {
		return err
	}
	t.Entries = append(t.Entries, e)
	return nil
}

// directory follows links in root itself, as a bind mount of it would.
func directory(root string) (string, error) {
	resolved, err := filepath.EvalSymlinks(root)
	if err != nil {
		return "", unreadable(root, err)
	}
	info, err := os.Stat(resolved)
	if err != nil {
		return "", unreadable(root, err)
	}
	if !info.IsDir() {
		return "", fmt.Errorf("read %s: not a directory", root)
	}
	return resolved, nil
}

func entry(path, rel string, d fs.DirEntry) (desired.Entry, error) {
	info, err := d.Info()
	if err != nil {
		return desired.Entry{}, unreadable(path, err)
	}
	e := desired.Entry{Path: rel, Mode: uint32(info.Mode())}
	switch {
	case info.Mode().IsRegular():
		e.Type, e.Local, e.SizeBytes = desired.EntryFile, path, info.Size()
		return e, readable(path)
	case info.IsDir():
		e.Type = desired.EntryDirectory
	case info.Mode()&fs.ModeSymlink != 0:
		e.Type = desired.EntrySymlink
		if e.Link, err = os.Readlink(path); err != nil {
			return desired.Entry{}, unreadable(path, err)
		}
		e.Link = filepath.ToSlash(e.Link)
	default:
		return desired.Entry{}, fmt.Errorf("read %s: it is a %s; only files, directories and symbolic links can be delivered", path, localfile.Kind(info.Mode()))
	}
	return e, nil
}

// readable opens a file once, so that a missing permission is an error of the
// plan and not of the apply that streams it.
func readable(path string) error {
	f, err := localfile.Open(path)
	if err != nil {
		return unreadable(path, err)
	}
	return f.Close()
}

// unreadable names the path once: the errors of package os name it too.
func unreadable(path string, err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		err = pathErr.Err
	}
	return fmt.Errorf("read %s: %w", path, err)
}

// filter decides which members of a tree are left out.
type filter struct {
	matcher *patternmatcher.PatternMatcher
	parents map[string]patternmatcher.MatchInfo
	// wanted are the patterns with "!", without it.
	wanted []string
}

func newFilter(patterns []string) (*filter, error) {
	if len(patterns) == 0 {
		return &filter{}, nil
	}
	matcher, err := patternmatcher.New(patterns)
	if err != nil {
		return nil, fmt.Errorf("read ignore patterns: %w", err)
	}
	f := &filter{matcher: matcher, parents: map[string]patternmatcher.MatchInfo{}}
	for _, pattern := range patterns {
		if name, ok := strings.CutPrefix(strings.TrimSpace(pattern), "!"); ok {
			f.wanted = append(f.wanted, filepath.Clean(filepath.FromSlash(strings.TrimPrefix(name, "/"))))
		}
	}
	return f, nil
}

// skip reports whether a member is left out. It returns fs.SkipDir for a
// directory below which no pattern can take anything back.
func (f *filter) skip(rel string, isDir bool) (bool, error) {
	if f.matcher == nil {
		return false, nil
	}
	matched, info, err := f.matcher.MatchesUsingParentResults(rel, f.parents[filepath.Dir(rel)])
	if err != nil {
		return false, fmt.Errorf("match %s: %w", rel, err)
	}
	if isDir {
		f.parents[rel] = info
		if matched && !f.matcher.Exclusions() {
			return true, fs.SkipDir
		}
	}
	return matched, nil
}
