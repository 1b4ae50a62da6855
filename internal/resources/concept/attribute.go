package concept

import (
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/path"
)

// AttributePath returns the path of an attribute as the core and Compose spell it:
// "name", "overrides[1]", "ipam[1].gateway" or "ipam[0].aux_addresses.nas".
func AttributePath(attribute string) path.Path {
	name, rest, indexed := strings.Cut(attribute, "[")
	at := path.Root(name)
	if !indexed {
		return at
	}
	index, rest, _ := strings.Cut(rest, "]")
	if i, err := strconv.Atoi(index); err == nil {
		at = at.AtListIndex(i)
	}
	field, key, inside := strings.Cut(strings.TrimPrefix(rest, "."), ".")
	if field != "" {
		at = at.AtName(field)
	}
	if inside {
		at = at.AtMapKey(key)
	}
	return at
}
