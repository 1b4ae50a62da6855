package lab

import (
	"context"
	"errors"
	"path/filepath"
)

// Sweep removes what ephemeral labs whose process was killed have left in the
// directories that match the pattern (path/filepath.Match). Their processes ended
// by themselves. Labs of running processes, and lasting ones, are left alone.
func Sweep(ctx context.Context, pattern string) error {
	dirs, err := filepath.Glob(pattern)
	if err != nil {
		return err
	}
	var errs error
	for _, dir := range dirs {
		l, err := Open(dir)
		if err != nil || !l.rec.Ephemeral || l.rec.Owner.alive() {
			continue
		}
		errs = errors.Join(errs, l.Down(ctx))
	}
	return errs
}
