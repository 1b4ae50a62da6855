package desired

import (
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
)

func mountFields(v View, s Spec) {
	for _, m := range v.Mounts {
		s["volumes."+m.Target] = m.text()
	}
	for target, options := range v.Host.Tmpfs {
		target = path.Clean(target)
		s["tmpfs."+target] = "tmpfs"
		s.text("tmpfs."+target, options)
	}
	for _, f := range v.Files {
		s[string(f.Kind)+"."+f.Target] = f.Value
	}
}

// text spells a mount as a person would: its kind, its source and what is
// special about it.
func (m Mount) text() string {
	source := m.Source
	if m.Type == MountVolume && source == "" {
		source = "(anonymous)"
	}
	fields := []string{string(m.Type)}
	for _, word := range []string{source, prefixed("subpath=", m.Subpath), ownPropagation(m), prefixed("recursive=", m.recursive()), prefixed("selinux=", m.SELinux)} {
		if word != "" {
			fields = append(fields, word)
		}
	}
	if m.TmpfsSizeBytes > 0 {
		fields = append(fields, "size="+strconv.FormatInt(m.TmpfsSizeBytes, 10))
	}
	if m.TmpfsMode > 0 {
		fields = append(fields, "mode="+strconv.FormatUint(uint64(m.TmpfsMode), 8))
	}
	if m.NoCopy {
		fields = append(fields, "nocopy")
	}
	if m.ReadOnly {
		fields = append(fields, "read-only")
	}
	for _, key := range slices.Sorted(maps.Keys(m.Labels)) {
		fields = append(fields, "label "+key+"="+strconv.Quote(m.Labels[key]))
	}
	return strings.Join(fields, " ")
}

func (m Mount) recursive() string {
	if m.Recursive == "enabled" {
		return ""
	}
	return m.Recursive
}

// OtherImages are the references of the images that containers of the service
// take besides their own: those they mount, and those that hooks run in.
func (s *Service) OtherImages() []string {
	var refs []string
	for _, m := range s.Mounts {
		if m.Type == MountImage {
			refs = append(refs, m.Source)
		}
	}
	if s.Hooks != nil {
		for _, hook := range s.Hooks.PreStart {
			if hook.Image != "" && hook.Image != s.Image.Reference {
				refs = append(refs, hook.Image)
			}
		}
	}
	slices.Sort(refs)
	return slices.Compact(refs)
}

func prefixed(prefix, value string) string {
	if value == "" {
		return ""
	}
	return prefix + value
}

// ownPropagation leaves out what the engine fills in for bind mounts.
func ownPropagation(m Mount) string {
	if m.Type != MountBind || m.Propagation == "rprivate" {
		return ""
	}
	return m.Propagation
}

func networkFields(v View, s Spec) {
	if NetworkModeText(string(v.Host.NetworkMode)) != "" {
		return // the mode says it; the engine lists a pseudo network of that name
	}
	for name, e := range v.Networks {
		key := "networks." + name
		s[key] = attached
		if e == nil {
			continue
		}
		s.set(key+".aliases", ownAliases(e.Aliases, v))
		s.set(key+".links", distinct(e.Links)) // Docker Compose sends some of them twice
		if e.IPAMConfig != nil {
			s.text(key+".ipv4_address", e.IPAMConfig.IPv4Address)
			s.text(key+".ipv6_address", e.IPAMConfig.IPv6Address)
			s.set(key+".link_local_ips", e.IPAMConfig.LinkLocalIPs)
		}
		s.integer(key+".gw_priority", int64(e.GwPriority))
		for option, value := range e.DriverOpts {
			s[key+".driver_opts."+option] = value
		}
		s.text(key+".mac_address", e.MacAddress) // on a running container also one nobody asked for
	}
}

// distinct drops what was there before.
func distinct(values []string) []string {
	seen := map[string]bool{}
	return slices.DeleteFunc(slices.Clone(values), func(value string) bool {
		again := seen[value]
		seen[value] = true
		return again
	})
}

// ownAliases leaves out the names to which a container answers anyway, on the
// side of what is desired as on that of what exists: its own name, the one that
// Docker Compose gives it, its host name, and its short ID. Engines list them in
// their own ways. All list what they were sent, Docker Compose's container name
// first, also when the service has the same name; up to 24 they append the short
// ID, and 25 and later, to clients of an API before 1.45, drop duplicates and
// append the short ID and the host name (moby: daemon/container_operations.go,
// updateNetworkConfig, and api/server/router/container/inspect.go).
func ownAliases(aliases []string, v View) []string {
	seen := map[string]bool{v.ShortID: true, "": true}
	if hostname := v.Config.Hostname; !v.Host.UTSMode.IsHost() || appended(aliases, v) {
		seen[hostname] = true
	}
	for _, name := range v.Names {
		seen[name] = true
	}
	var own []string
	for _, alias := range aliases {
		if !seen[alias] && !isReplica(alias, v.DefaultName) {
			seen[alias] = true
			own = append(own, alias)
		}
	}
	return own
}

// appended reports whether the engine appended the host name to the aliases. A
// container with the node's own host name has one that nobody asked for.
func appended(aliases []string, v View) bool {
	last := len(aliases) - 1
	return last > 1 && aliases[last] == v.Config.Hostname && aliases[last-1] == v.ShortID
}

// isReplica reports whether a name is "<stack>-<service>-<number>".
func isReplica(name, stackAndService string) bool {
	number, ok := strings.CutPrefix(name, stackAndService+"-")
	if _, err := strconv.ParseUint(number, 10, 32); err != nil {
		return false
	}
	return ok && stackAndService != ""
}
