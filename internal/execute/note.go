package execute

import (
	"context"
	"fmt"

	"github.com/docker/docker/api/types/volume"

	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
)

// noteEngine is what notes take of a node's engine.
type noteEngine interface {
	VolumeCreate(ctx context.Context, options volume.CreateOptions) (volume.Volume, error)
	VolumeRemove(ctx context.Context, name string, force bool) error
}

// WriteNote notes on the node that something is being made there for the first
// time. A note that is there already stays.
func WriteNote(ctx context.Context, engine noteEngine, note desired.Note) error {
	_, err := engine.VolumeCreate(ctx, volume.CreateOptions{Name: note.Volume(), Labels: map[string]string{desired.LabelScratch: note.Label()}})
	if err != nil {
		return fmt.Errorf("note that %s %s is being made: %w", note.Kind, note.Name, err)
	}
	return nil
}

// RemoveNote removes the note of [WriteNote], also when ctx has ended. One that is
// gone is not an error.
func RemoveNote(ctx context.Context, engine noteEngine, note desired.Note) error {
	ctx, cancel := cleaning(ctx)
	defer cancel()
	if err := ignoreNotFound(engine.VolumeRemove(ctx, note.Volume(), false)); err != nil {
		return fmt.Errorf("remove the note that %s %s is being made: %w", note.Kind, note.Name, err)
	}
	return nil
}
