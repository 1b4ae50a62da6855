package sopsfile

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"golang.org/x/sync/errgroup"

	"github.com/homelab-iac/terraform-provider-homelab/internal/localfile"
	"github.com/homelab-iac/terraform-provider-homelab/internal/sops"
)

// decryptions is how many files are decrypted at once: each by a program of some
// 40 MB.
const decryptions = 4

// Gate keeps an apply from changing anything while one of the provider's files
// cannot be decrypted. The zero value has no files and lets everything pass. It is
// safe for concurrent use.
type Gate struct {
	mu    sync.Mutex // guards what follows
	round *round
}

// round is what holds from one configuration of the provider to the next one.
type round struct {
	files []string
	once  sync.Once // guards the writing of what follows
	said  diag.Diagnostics
	first sync.Once // for who is told all of it
}

// Require has these files decrypted before the first change from now on. It is
// called once for each walk of Terraform over its resources.
func (g *Gate) Require(files []string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.round = &round{files: files}
}

func (g *Gate) current() *round {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.round == nil {
		g.round = &round{}
	}
	return g.round
}

// Holds reports whether the gate has a file, however its path is written.
func (g *Gate) Holds(file string) bool {
	return slices.ContainsFunc(g.current().files, func(other string) bool { return absolute(other) == absolute(file) })
}

func absolute(file string) string {
	if abs, err := filepath.Abs(file); err == nil {
		return abs
	}
	return filepath.Clean(file)
}

// Pass returns why nothing may be changed; without an error in it the way is free.
// The first call decrypts the files, and every other caller waits for it. It is
// told to the first in full, and to the others in a sentence.
func (g *Gate) Pass(ctx context.Context) diag.Diagnostics {
	r := g.current()
	r.once.Do(func() { r.said = check(ctx, r.files) })
	if len(r.said) == 0 {
		return nil
	}
	told := diag.Diagnostics{diag.NewErrorDiagnostic(summaryUndecrypted,
		"This resource was not touched either: an error above or below says why the provider's sops_files cannot be decrypted.")}
	r.first.Do(func() { told = r.said })
	return told
}

// check decrypts files and says what is wrong with those that cannot be.
func check(ctx context.Context, files []string) diag.Diagnostics {
	found := make([]diag.Diagnostic, len(files))
	var group errgroup.Group
	group.SetLimit(decryptions)
	for i, file := range files {
		group.Go(func() error {
			found[i] = try(ctx, file)
			return nil
		})
	}
	_ = group.Wait() // what fails is in found
	var diags diag.Diagnostics
	for _, d := range found {
		if d != nil {
			diags.AddError(d.Summary(), d.Detail()+untouched+" To destroy without the key, take it out of there.")
		}
	}
	return diags
}

// try decrypts a file and returns what is wrong with it; nil for nothing.
func try(ctx context.Context, file string) diag.Diagnostic {
	content, err := localfile.ReadFile(file)
	if err != nil {
		return unreadable(file, err)
	}
	var first *sops.Failure
	formats := formatsOf(file)
	for _, format := range formats {
		_, err := sops.Decrypt(ctx, sops.Request{Format: format, File: content})
		var failure *sops.Failure
		switch {
		case err == nil:
			return nil
		case !errors.As(err, &failure):
			return broken(file, err)
		case failure.Kind != sops.NotSOPS && failure.Kind != sops.Unparsable:
			return undecrypted(file, format, failure)
		case first == nil:
			first = failure
		}
	}
	return undecrypted(file, formats[0], first)
}

// formatsOf are those that a file may be written in: the one that its extension
// tells, or else any. Only one of them has SOPS's metadata where it belongs.
func formatsOf(file string) []sops.Format {
	if f, ok := extensions[filepath.Ext(file)]; ok {
		return []sops.Format{f}
	}
	return []sops.Format{sops.Binary, sops.YAML, sops.Dotenv, sops.INI}
}

// Look says at an attribute that a file cannot be looked at; nothing where it can.
func Look(at path.Path, file string) diag.Diagnostics {
	if _, err := localfile.Stat(file); err != nil {
		d := unreadable(file, err)
		return diag.Diagnostics{diag.NewAttributeErrorDiagnostic(at, d.Summary(), d.Detail())}
	}
	return nil
}
