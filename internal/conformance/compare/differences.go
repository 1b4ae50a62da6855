package compare

import (
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/homelab-iac/terraform-provider-homelab/internal/acctest"
)

// Difference is something that may differ between what Docker Compose and the
// provider make. One that no project needs fails the suite.
type Difference struct {
	// Reason says why it may differ.
	Reason string
	// Field is a pattern of the whole "kind path", as in "container State.Pid".
	Field string
	// when narrows it down further; nil is always.
	when func(d diff) bool
	// Chance marks one that some runs, or engines, do without.
	Chance bool
}

// diff is one field of one object that differs, with both objects.
type diff struct {
	kind, path                string
	compose, provider         string
	composeSide, providedSide map[string]string
}

// Differences is all that may differ.
var Differences = []Difference{
	{"every run has its own", `container (Id|Created|State\.(Pid|StartedAt|FinishedAt)|ResolvConfPath|HostnamePath|HostsPath|LogPath|NetworkSettings\.(SandboxID|SandboxKey))`, nil, false},
	{"every run has its own", `(network|volume) (Id|Created|CreatedAt)`, nil, false},
	{"the engine answers with null where it was sent nothing, and with an empty list where it was sent one", `container .*`, bothEmpty, false},
	{"the clients differ in whether they send what is not set", `request .*`, bothZero, false},
	{"the name of a container's layer is random, and that of a mounted image's", `container (GraphDriver\.Data\.\w+|Storage\..*|Mounts\[.*\]\.Source)`, ofLayer, false},
	{"an image that is built again has another ID", `container (Image|ImageManifestDescriptor\..*|Config\.Labels\.com\.docker\.compose\.image)`, isBuilt, false},
	{"the engine's older builder notes the step before; it is used where its BuildKit cannot limit a step", `image Config\.Image`, setByBuilder, true},
	{"on two nodes, networks that are not the project's have two IDs", `container NetworkSettings\.Networks\..+\.NetworkID`, ofTwoNodes, true},
	{"on two nodes, what shares the node's name has two names", `container Config\.Hostname`, onNode, true},
	{"the endpoint's ID is random", `container NetworkSettings\.(Networks\..+\.)?EndpointID`, nil, false},
	{"a network is a view of its containers, which are compared themselves", `network (Containers|Status)\..*`, nil, false},
	{"the engine takes the next free subnet of its pool", `(container NetworkSettings\.Networks\..+\.Gateway|network IPAM\.Config\[0\]\.(Subnet|Gateway|IPRange))`, fromPool, true},
	{"the engine gives the next free address, in the order of start", `container NetworkSettings\.(Networks\..+\.)?(IPAddress|GlobalIPv6Address)`, noAddressWanted, true},
	{"the engine makes up a MAC address where none is wanted", `container NetworkSettings\.(Networks\..+\.)?MacAddress`, noMACWanted, false},
	{"the engine gives the next free port where only the container's is named", `container NetworkSettings\.Ports\..*\.HostPort`, noPortWanted, true},
	{"health checks are run by the clock", `container State\.Health\.Log.*`, nil, false},
	{"our own labels", `((container|image) Config\.|network |volume |request )Labels\.io\.homelab\..*`, nil, false},
	{"a health check may be running", `container ExecIDs.*`, nil, true},
	{"a plain digest of a secret would let it be guessed, so that service's hash is another", `container Config\.Labels\.com\.docker\.compose\.config-hash`, hasSecret, false},
	{"it is hashed with the ID of another container, which every run makes anew", `container Config\.Labels\.com\.docker\.compose\.config-hash`, sharesContainer, false},
	{"the engine takes the next free port of a range, in the order of start", `container NetworkSettings\.Ports\..*\.HostPort`, inRange, true},
	{"Docker Compose names this file's directory in DOCKER_CONFIG, but its up leaves it empty; the provider's has no credentials", `container Files\./run/secrets/docker/config\.json\..*`, providerOnly, false},
	{"documents are no files of the node", `(container Config\.|request )Labels\.com\.docker\.compose\.project\.(config_files|working_dir)`, nil, false},
	{"a slash at the end of a path means nothing to the engine", `(container HostConfig|request HostConfig)\.Binds\[.*\]`, samePaths, false},
	{"what Docker Compose binds has the mode and owner of where it runs; delivered files are root's, or as the service says", `container Files\..*\.(Mode|Owner)`, isBound, false},
	{"Docker Compose writes this label in random order", `container Config\.Labels\.com\.docker\.compose\.depends_on`, sameItems, true},
	{"a directory is the same with a slash at its end", `container HostConfig\.Binds\[.*\]`, sameBind, true},
	{"files are delivered in volumes, as the node has none of those of where Terraform runs", `container (HostConfig\.)?(Mounts|Binds)(\[.*\].*)?`, delivered, false},
}

// unordered are lists whose order means nothing to the engine; their elements are
// compared by what tells them apart. Docker Compose makes some of them out of
// maps, in random order.
var unordered = map[string]func(element any) string{
	"Mounts":                 field("Destination"),
	"HostConfig.Mounts":      field("Target"),
	"HostConfig.Binds":       part(":", 1),
	"HostConfig.Devices":     field("PathInContainer"),
	"HostConfig.Ulimits":     field("Name"),
	"HostConfig.DnsOptions":  part("\n", 0),
	"HostConfig.CapAdd":      part("\n", 0),
	"HostConfig.CapDrop":     part("\n", 0),
	"HostConfig.GroupAdd":    part("\n", 0),
	"HostConfig.ExtraHosts":  part("\n", 0),
	"HostConfig.SecurityOpt": part("\n", 0),
	"HostConfig.Links":       part("\n", 0),
	"Config.Env":             part("=", 0),
	"RepoTags":               part("\n", 0),
	"Links":                  part("\n", 0),
	"Aliases":                part("\n", 0),
	"DNSNames":               part("\n", 0),
}

var compiled = func() []*regexp.Regexp {
	var out []*regexp.Regexp
	for _, d := range Differences {
		out = append(out, regexp.MustCompile("^"+d.Field+"$"))
	}
	return out
}()

func bothEmpty(d diff) bool { return isEmpty(d.compose) && isEmpty(d.provider) }

func bothZero(d diff) bool { return isZero(d.compose) && isZero(d.provider) }

func isZero(value string) bool {
	return isEmpty(value) || slices.Contains([]string{`""`, "0", "false"}, value)
}

func isEmpty(value string) bool {
	return slices.Contains([]string{acctest.Absent, "null", "{}", "[]"}, value)
}

func providerOnly(d diff) bool { return d.compose == acctest.Absent }

func samePaths(d diff) bool {
	return strings.ReplaceAll(d.compose, "/:", ":") == strings.ReplaceAll(d.provider, "/:", ":")
}

func ofLayer(d diff) bool {
	return !strings.HasPrefix(d.path, "Mounts[") || d.sibling("Type") == [2]string{`"image"`, `"image"`}
}

// isBuilt holds for containers of images that were not there beforehand.
func isBuilt(d diff) bool {
	return !strings.HasPrefix(d.composeSide["Config.Image"], `"homelab.test/`)
}

var networkID = regexp.MustCompile(`^"[0-9a-f]{64}"$`)

// ofTwoNodes holds for IDs that are no name of an object of the project.
func ofTwoNodes(d diff) bool {
	return networkID.MatchString(d.compose) && networkID.MatchString(d.provider)
}

// onNode holds for containers in the node's own network.
func onNode(d diff) bool {
	return d.composeSide["HostConfig.NetworkMode"] == `"host"` && d.providedSide["HostConfig.NetworkMode"] == `"host"`
}

// sameBind holds for a source that only one side writes with a slash at its end.
func sameBind(d diff) bool {
	return strings.ReplaceAll(d.compose, "/:", ":") == strings.ReplaceAll(d.provider, "/:", ":")
}

func setByBuilder(d diff) bool { return d.compose == `""` && strings.HasPrefix(d.provider, `"sha256:`) }

// fromPool holds for addresses of the pool that the engine was started with.
func fromPool(d diff) bool {
	return strings.HasPrefix(d.compose, `"10.64.`) && strings.HasPrefix(d.provider, `"10.64.`)
}

// sibling is a field beside the one that differs, on both sides.
func (d diff) sibling(name string) [2]string {
	path := d.path[:strings.LastIndex(d.path, ".")+1] + name
	return [2]string{OrAbsent(d.composeSide, path), OrAbsent(d.providedSide, path)}
}

func noAddressWanted(d diff) bool {
	for _, name := range []string{"IPAMConfig.IPv4Address", "IPAMConfig.IPv6Address"} {
		if wanted := d.sibling(name); wanted != [2]string{acctest.Absent, acctest.Absent} {
			return false
		}
	}
	return d.compose != `""` && d.provider != `""`
}

// noMACWanted relies on the projects: those that they name begin with 02:c0.
func noMACWanted(d diff) bool {
	return strings.HasPrefix(d.compose, `"`) && strings.HasPrefix(d.provider, `"`) && d.compose != `""` && d.provider != `""` &&
		!strings.HasPrefix(d.compose, `"02:c0:`) && !strings.HasPrefix(d.provider, `"02:c0:`)
}

// noPortWanted relies on the projects: those that they name are below 32768.
func noPortWanted(d diff) bool {
	one, err := strconv.Atoi(strings.Trim(d.compose, `"`))
	other, err2 := strconv.Atoi(strings.Trim(d.provider, `"`))
	return err == nil && err2 == nil && one >= 32768 && other >= 32768
}

// hasSecret holds for containers with a secret in their environment or command.
func hasSecret(d diff) bool { return d.providedSide["Config.Labels.io.homelab.secret-version"] != "" }

// sharesContainer holds for what uses the namespace or the volumes of another
// container of the project. That the hash is right shows in docker compose up,
// which makes none of them anew.
func sharesContainer(d diff) bool {
	for _, field := range []string{"NetworkMode", "PidMode", "IpcMode"} {
		if mode := d.providedSide["HostConfig."+field]; strings.HasPrefix(mode, `"container:<container `) && mode == d.composeSide["HostConfig."+field] {
			return true
		}
	}
	return d.providedSide["HostConfig.VolumesFrom[0]"] != ""
}

var boundPort = regexp.MustCompile(`^NetworkSettings\.Ports\.([^\[]+)\[`)

func inRange(d diff) bool {
	port := boundPort.FindStringSubmatch(d.path)
	if port == nil {
		return false
	}
	for path, value := range d.composeSide {
		first, last, ok := strings.Cut(strings.Trim(value, `"`), "-")
		if ok && strings.HasPrefix(path, "HostConfig.PortBindings."+port[1]+"[") && d.providedSide[path] == value {
			return within(d.compose, first, last) && within(d.provider, first, last)
		}
	}
	return false
}

func within(port, first, last string) bool {
	port = strings.Trim(port, `"`)
	return len(port) == len(first) && first <= port && port <= last
}

func sameItems(d diff) bool {
	one, other := strings.Split(strings.Trim(d.compose, `"`), ","), strings.Split(strings.Trim(d.provider, `"`), ",")
	slices.Sort(one)
	slices.Sort(other)
	return slices.Equal(one, other)
}

// isBound holds for files in a mount from where the projects lie.
func isBound(d diff) bool {
	file := strings.TrimPrefix(d.path[:strings.LastIndex(d.path, ".")], "Files.")
	for path, source := range d.composeSide {
		target, ok := strings.CutSuffix(strings.TrimPrefix(path, "Mounts["), "].Source")
		if ok && isStaged(source) && (file == target || strings.HasPrefix(file, target+"/")) {
			return true
		}
	}
	return false
}

// isStaged tells a source where the projects lie.
func isStaged(source string) bool {
	return strings.HasPrefix(source, `"`+os.TempDir()+"/Test")
}

var mountTarget = regexp.MustCompile(`\[(.*)\]`)

// delivered holds for what is mounted at one place: by Docker Compose from where
// the projects lie, or not at all, as it copies some files into the container;
// by the provider from a volume of delivered files.
func delivered(d diff) bool {
	target := mountTarget.FindStringSubmatch(d.path)
	if target == nil {
		return false
	}
	source := OrAbsent(d.composeSide, "Mounts["+target[1]+"].Source")
	provided := OrAbsent(d.providedSide, "Mounts["+target[1]+"].Source")
	return (source == acctest.Absent || isStaged(source)) &&
		deliveredVolume.MatchString(provided)
}

// deliveredVolume is where the engine keeps a volume of delivered files.
var deliveredVolume = regexp.MustCompile(`^"/var/lib/docker/volumes/[a-z0-9_-]+_(configs|secrets|volumes|files)_[^/]+/_data`)

// excused returns the index of the difference that a diff falls under, or -1.
func excused(d diff) int {
	for i, allowed := range Differences {
		if compiled[i].MatchString(d.kind+" "+d.path) && (allowed.when == nil || allowed.when(d)) {
			return i
		}
	}
	return -1
}

// Records lists what differs without an excuse, and counts the excuses: used has an
// element for each of Differences, or is nil.
func Records(compose, provider Record, used []int) []string {
	var lines []string
	for _, object := range SortedKeys(compose, provider) {
		kind, _, _ := strings.Cut(object, " ")
		one, other := compose[object], provider[object]
		if one == nil || other == nil {
			lines = append(lines, object+": made by "+map[bool]string{true: "the provider", false: "Docker Compose"}[one == nil]+" only")
			continue
		}
		for _, path := range SortedKeys(one, other) {
			a, b := OrAbsent(one, path), OrAbsent(other, path)
			if a == b {
				continue
			}
			if i := excused(diff{kind, path, a, b, one, other}); i >= 0 {
				if used != nil {
					used[i]++
				}
				continue
			}
			lines = append(lines, object+" "+path+": Docker Compose "+a+", provider "+b)
		}
	}
	return lines
}
