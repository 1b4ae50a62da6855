package desired

import "strings"

// Docker Compose's labels: by them its commands, Portainer and Dockge see a
// stack as a normal project.
const (
	LabelProject       = "com.docker.compose.project"
	LabelService       = "com.docker.compose.service"
	LabelNumber        = "com.docker.compose.container-number"
	LabelOneOff        = "com.docker.compose.oneoff"
	LabelHook          = "com.docker.compose.hook"
	LabelConfigHash    = "com.docker.compose.config-hash"
	LabelImage         = "com.docker.compose.image"
	LabelImageVolumes  = "com.docker.compose.image-volume-digest"
	LabelDependsOn     = "com.docker.compose.depends_on"
	LabelNetwork       = "com.docker.compose.network"
	LabelVolume        = "com.docker.compose.volume"
	LabelComposeVer    = "com.docker.compose.version"
	LabelWorkingDir    = "com.docker.compose.project.working_dir"
	LabelConfigFiles   = "com.docker.compose.project.config_files"
	prefixComposeLabel = "com.docker.compose."
)

// Our own labels.
const (
	// LabelStack marks what homelab made; its value is the stack's name.
	LabelStack = "io.homelab.stack"
	// LabelSpecHash is the hash of the service a container was made from.
	LabelSpecHash = "io.homelab.spec-hash"
	// LabelSecretVersion counts the rotations of the secrets in a container's
	// own fields.
	LabelSecretVersion = "io.homelab.secret-version"
	// LabelImageDigest is the registry's digest of the image that a container was
	// made from. Engines forget it for what was pulled through a mirror.
	LabelImageDigest = "io.homelab.image-digest"
	// LabelReplaces names the container (by ID) that a new one takes over from.
	LabelReplaces = "io.homelab.replaces"
	// LabelFile marks a volume of delivered files with their kind.
	LabelFile = "io.homelab.file"
	// LabelFileName is the config's or secret's name, or the relative path.
	LabelFileName = "io.homelab.file-name"
	// LabelFileDigest is the digest of a delivered file that is not a secret.
	LabelFileDigest = "io.homelab.file-digest"
	// LabelFileVersion counts the versions of a delivered secret.
	LabelFileVersion = "io.homelab.file-version"
	// LabelSecretCheck is the slow salted hash of a delivered secret.
	LabelSecretCheck = "io.homelab.secret-check"
	// LabelFileOwner is "uid-gid-mode" of a delivered secret.
	LabelFileOwner = "io.homelab.file-owner"
	// LabelSecret marks the volumes of a secret that is a resource of its own, and
	// the container that shows the current one; its value is the secret's name.
	LabelSecret = "io.homelab.secret"
	// LabelSecretKept marks that container once the secret was destroyed and its value
	// was kept for the next secret of that name.
	LabelSecretKept = "io.homelab.secret-kept"
	// LabelSecretMade says how the value of such a secret came about.
	LabelSecretMade = "io.homelab.secret-made"
	// LabelBuildHash marks an image with the hash of what it was built from.
	LabelBuildHash = "io.homelab.build-hash"
	// LabelHooks records the hooks that a container was made with (HookRecord).
	LabelHooks = "io.homelab.hooks"
	// LabelScratch marks the never started containers that files go through.
	LabelScratch = "io.homelab.scratch"
	// LabelHelper is the name that such a container was given, if it was given one:
	// somebody may have renamed it since.
	LabelHelper = "io.homelab.helper"
	// LabelWindow marks a never started container through which directories of the
	// node are seen; its value is the path that the container mounts.
	LabelWindow = "io.homelab.window"
	// LabelWindowFlat marks a window that shows its directory as it is on its own
	// file system, without those that are mounted below it; its value is "true".
	LabelWindowFlat = "io.homelab.window-flat"

	// LabelNetworkName marks a network that is a resource of its own; its value is
	// its name.
	LabelNetworkName = "io.homelab.network"
	// LabelDescription is the description of such a network.
	LabelDescription = "io.homelab.description"
	// LabelReattach marks a note of the containers that belong on a network which is
	// recreated (ReattachNote).
	LabelReattach = "io.homelab.reattach"

	// LabelZone is how much a network may have to do with the outside, as its
	// creator declared it: one of the zones. A service has it with ZoneExternal only.
	LabelZone = "io.homelab.zone"

	prefixOwnLabel = "io.homelab."
)

// The zones of networks.
const (
	// ZoneExternal faces the outside: what is on it may publish ports.
	ZoneExternal = "external"
	// ZoneService is reached through the ingress only.
	ZoneService = "service"
	// ZoneData is not reached from outside at all.
	ZoneData = "data"
)

// Zones are all of them, from the outside in.
func Zones() []string { return []string{ZoneExternal, ZoneService, ZoneData} }

// IsManagementLabel reports whether a label is bookkeeping, Docker Compose's or
// ours, rather than one the user wrote.
func IsManagementLabel(key string) bool {
	return key != LabelZone && (strings.HasPrefix(key, prefixComposeLabel) || strings.HasPrefix(key, prefixOwnLabel))
}

// HelperPrefix begins the names of containers that are made for a moment, to reach
// files or run hooks.
const HelperPrefix = "homelab-"
