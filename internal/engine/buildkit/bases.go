package buildkit

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/client/llb"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// imageConfig is the name under which the Dockerfile frontend looks for an input's
// image configuration (moby/buildkit, exporter/containerimage/exptypes).
const imageConfig = "containerimage.config"

// addBases hands over the images of other services as they are on the node, for a
// build that pulls: its one rule for all images would have the engine ask a
// registry for these too.
func (r *Request) addBases(ctx context.Context, o *client.SolveOpt) error {
	for _, name := range slices.Sorted(maps.Keys(r.Build.Contexts)) {
		c := r.Build.Contexts[name]
		if c.Base == "" || !r.Build.Pull {
			continue
		}
		base, err := r.Inspect(ctx, c.Base)
		if err != nil {
			return fmt.Errorf("look for image %s: %w", c.Base, err)
		}
		config, err := json.Marshal(base)
		if err != nil {
			return fmt.Errorf("read image %s: %w", c.Base, err)
		}
		metadata, err := json.Marshal(map[string][]byte{imageConfig: config})
		if err != nil {
			return fmt.Errorf("read image %s: %w", c.Base, err)
		}
		if o.FrontendInputs == nil {
			o.FrontendInputs = map[string]llb.State{}
		}
		o.FrontendInputs[name] = llb.Image(c.Base, llb.ResolveModePreferLocal,
			llb.Platform(ocispec.Platform{OS: base.OS, Architecture: base.Architecture, Variant: base.Variant}))
		o.FrontendAttrs["context:"+name] = "input:" + name
		o.FrontendAttrs["input-metadata:"+name] = string(metadata)
	}
	return nil
}
