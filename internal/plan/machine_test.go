package plan_test

import (
	"testing"

	"github.com/docker/docker/api/types/container"

	"github.com/homelab-iac/terraform-provider-homelab/internal/check"
	"github.com/homelab-iac/terraform-provider-homelab/internal/desired"
	"github.com/homelab-iac/terraform-provider-homelab/internal/observed"
	"github.com/homelab-iac/terraform-provider-homelab/internal/plan"
)

const gib = 1 << 30

// reserving is a stack whose services reserve memory; each runs twice.
func reserving(name string, bytes ...int64) *desired.Stack {
	w := stackOf()
	w.Name = name
	for i, n := range bytes {
		s := service(string(rune('a' + i)))
		s.Replicas, s.Host.MemoryReservation = 2, n
		w.Services[s.Name] = s
	}
	return w
}

func TestOvercommitted_MoreIsReservedThanTheNodeHas_NamesWho(t *testing.T) {
	facts := observed.Facts{MemoryBytes: 8 * gib}
	media, games := check.ReservationOf(reserving("media", 3*gib, gib/2)), check.ReservationOf(reserving("games", gib))
	for name, c := range map[string]struct {
		reservations []check.Reservation
		want         string
	}{
		"just enough": {[]check.Reservation{media}, ""},
		"together": {[]check.Reservation{media, games}, `Node "nas" has 8 GiB of memory, and the services that are planned for it reserve 9 GiB (deploy.resources.reservations.memory): ` +
			`6 GiB by service "a" of stack "media", 2 GiB by service "a" of stack "games", 1 GiB by service "b" of stack "media". ` +
			`The engine starts them nevertheless, but they cannot all get what they reserve. Lower a reservation, or run some of them on another node.`},
		"one alone": {[]check.Reservation{check.ReservationOf(reserving("llm", 9*gib/2))}, `reserve 9 GiB (deploy.resources.reservations.memory): 9 GiB by service "a" of stack "llm".`},
		"many":      {[]check.Reservation{check.ReservationOf(reserving("many", gib, gib, gib, gib, gib, gib, gib, gib))}, `"f" of stack "many", and 2 more.`},
		"one goes":  {[]check.Reservation{media, {Stack: "games", Leaves: true}}, ""},
	} {
		var got []string
		if text := check.MemoryOvercommitted("nas", facts, c.reservations); text != "" {
			got = append(got, text)
		}
		requireOne(t, name, got, c.want)
	}
	if text := check.MemoryOvercommitted("nas", observed.Facts{}, []check.Reservation{media}); text != "" {
		t.Errorf("nothing is known of the node: %q", text)
	}
}

func TestFit_DevicesAndRuntimes_AreLookedForOnTheNode(t *testing.T) {
	asks := func(change func(*container.HostConfig)) *desired.Stack {
		w := stackOf(service("plex"))
		edit(w, "plex", func(s *desired.Service) { change(&s.Host) })
		return w
	}
	request := func(r container.DeviceRequest) *desired.Stack {
		return asks(func(h *container.HostConfig) { h.DeviceRequests = []container.DeviceRequest{r} })
	}
	gpu := request(container.DeviceRequest{Count: -1, Capabilities: [][]string{{"gpu", "video"}}})
	card := request(container.DeviceRequest{Driver: "cdi", DeviceIDs: []string{"nvidia.com/gpu=all"}})
	runtime := func(name string) *desired.Stack {
		return asks(func(h *container.HostConfig) { h.Runtime = name })
	}
	cpus := func(nano int64) *desired.Stack {
		return asks(func(h *container.HostConfig) { h.NanoCPUs = nano })
	}
	plain := []string{"io.containerd.runc.v2", "runc"}
	for name, c := range map[string]struct {
		want             *desired.Stack
		facts            observed.Facts
		problem, warning string
	}{
		"GPU, none to be seen": {want: gpu, facts: observed.Facts{Runtimes: plain},
			warning: `Service "plex" of stack "home" asks for a GPU (gpus, or deploy.resources.reservations.devices), and the engine of node "nas" shows none: ` +
				`it has the runtimes io.containerd.runc.v2, runc, and knows no CDI device of a GPU. Unless the NVIDIA Container Toolkit is installed there all the same, ` +
				`the engine will refuse to start it. Install it, or run the service on another node.`},
		"GPU with a runtime":     {want: gpu, facts: observed.Facts{Runtimes: []string{"nvidia", "runc"}}},
		"GPU as a CDI device":    {want: gpu, facts: observed.Facts{Runtimes: plain, CDIDevices: []string{"amd.com/gpu=all"}}},
		"other devices":          {want: request(container.DeviceRequest{Driver: "coral", Capabilities: [][]string{{"tpu"}}}), facts: observed.Facts{Runtimes: plain}},
		"CDI device":             {want: card, facts: observed.Facts{APIVersion: "1.50", CDIDevices: []string{"nvidia.com/gpu=all"}}},
		"CDI, not told of":       {want: card, facts: observed.Facts{APIVersion: "1.49"}},
		"CDI device that is not": {want: card, facts: observed.Facts{APIVersion: "1.51", CDIDevices: []string{"intel.com/gpu=0"}}, problem: `Service "plex" of stack "home" asks for the CDI device "nvidia.com/gpu=all", which the engine of node "nas" does not know: it knows intel.com/gpu=0. Install the device's CDI specification there (docker info lists what is found), or run the service on another node.`},
		"runtime":                {want: runtime("nvidia"), facts: observed.Facts{Runtimes: []string{"nvidia", "runc"}}},
		"runtime that is not": {want: runtime("nvidia"), facts: observed.Facts{Runtimes: plain},
			problem: `Service "plex" of stack "home" asks for the runtime "nvidia", and the engine of node "nas" has only io.containerd.runc.v2, runc. ` +
				`It comes with the NVIDIA Container Toolkit (nvidia-ctk runtime configure). Install the runtime there, or remove the key runtime.`},
		"runtime that containerd finds": {want: runtime("io.containerd.kata.v2"), facts: observed.Facts{Runtimes: plain}},
		"all CPUs":                      {want: cpus(2e9), facts: observed.Facts{CPUs: 2}},
		"CPUs, nothing is known":        {want: cpus(64e9)},
		"more CPUs": {want: cpus(2.5e9), facts: observed.Facts{CPUs: 2},
			problem: `Service "plex" of stack "home" may use 2.5 CPUs, and node "nas" has 2: its engine refuses the container. Lower cpus or deploy.resources.limits.cpus.`},
		"no runtime": {want: runtime(""), facts: observed.Facts{Runtimes: plain}},
	} {
		t.Run(name, func(t *testing.T) {
			p := build(newEngine(), c.want)
			problems, warnings := p.CheckMachine(c.want, "nas", c.facts)
			requireOne(t, "problems", details(problems), c.problem)
			requireOne(t, "warnings", warnings, c.warning)
		})
	}
}

func TestNeedsFacts_NothingStarts_AsksNothing(t *testing.T) {
	w := stackOf(service("app"))
	edit(w, "app", func(s *desired.Service) { s.Host.MemoryReservation = gib; s.Host.Runtime = "nvidia" })
	if p := build(newEngine(), w); !p.NeedsFacts(w) {
		t.Error("a new service with a reservation asks nothing")
	}
	for nano, want := range map[int64]bool{1e9: false, 2e9: true} { // every machine has one
		limited := stackOf(service("app"))
		edit(limited, "app", func(s *desired.Service) { s.Host.NanoCPUs = nano })
		if got := build(running(t, stackOf(service("app"))), limited).NeedsFacts(limited); got != want {
			t.Errorf("a new service with %d CPUs asks: %v", nano/1e9, got)
		}
	}
	if p := build(running(t, w), w); p.NeedsFacts(w) || !p.Empty() {
		t.Error("an unchanged one asks")
	}
}

func TestRuns_ImageWithoutTheNodesPlatform_IsRefusedOrWarnedOf(t *testing.T) {
	index := func(platforms ...string) check.Offer { return check.Offer{Platforms: platforms} }
	single := func(platform string) check.Offer { return check.Offer{Platforms: []string{platform}, Single: true} }
	amd64 := observed.Facts{OS: "linux", Architecture: "x86_64", EngineArchitecture: "amd64"}
	arm64 := observed.Facts{OS: "linux", Architecture: "aarch64", EngineArchitecture: "arm64"}
	zero := observed.Facts{OS: "linux", Architecture: "armv6l", EngineArchitecture: "arm"}
	for name, c := range map[string]struct {
		facts            observed.Facts
		platform         string
		offer            check.Offer
		problem, warning string
	}{
		"has it":                        {facts: amd64, offer: index("linux/amd64", "linux/arm64/v8")},
		"unknown":                       {facts: amd64, offer: check.Offer{}},
		"node unknown":                  {offer: index("linux/s390x")},
		"32 bits on amd64":              {facts: amd64, offer: index("linux/386")},
		"a variant of amd64":            {facts: amd64, offer: index("linux/amd64/v3")},
		"armv7 on arm64":                {facts: arm64, offer: index("linux/arm/v7")},
		"arm64 without a variant":       {facts: arm64, offer: index("linux/arm64")},
		"arm64 on a 32-bit engine":      {facts: observed.Facts{OS: "linux", Architecture: "aarch64", EngineArchitecture: "arm"}, offer: index("linux/arm64"), problem: "is linux/arm/v8"},
		"armv7 on a 32-bit engine":      {facts: observed.Facts{OS: "linux", Architecture: "aarch64", EngineArchitecture: "arm"}, offer: index("linux/arm/v7")},
		"armv7 on armv6":                {facts: zero, offer: index("linux/arm/v7", "linux/amd64"), problem: `is linux/arm/v6`},
		"arm, which is v7, on armv6":    {facts: zero, offer: index("linux/arm"), problem: `is linux/arm/v6`},
		"armv5 on armv6":                {facts: zero, offer: index("linux/arm/v5")},
		"single, right":                 {facts: amd64, offer: single("linux/amd64")},
		"platform asked for":            {facts: amd64, platform: "linux/arm64", offer: index("linux/arm64/v8")},
		"platform asked for is not it":  {facts: amd64, platform: "linux/arm64", offer: index("linux/amd64"), problem: `made for linux/amd64, and the service's platform is linux/arm64.`},
		"platform asked for, kernel's":  {facts: amd64, platform: "linux/aarch64", offer: index("linux/arm64")},
		"another system":                {facts: amd64, offer: index("windows/amd64"), problem: "made for windows/amd64"},
		"amd64 only, on a Raspberry Pi": {facts: arm64, offer: index("linux/386", "linux/amd64"), problem: `Image "app:1" of service "app" of stack "home" is made for linux/386, linux/amd64, and node "nas" is linux/arm64. Choose another tag or image, or run the service on another node.`},
		"a single one for another":      {facts: arm64, offer: single("linux/amd64"), warning: `Image "app:1" of service "app" of stack "home" is made for linux/amd64, and node "nas" is linux/arm64. It runs only where the node emulates that platform. Choose another tag or image, or set platform to say that this is meant.`},
	} {
		t.Run(name, func(t *testing.T) {
			pull := check.Pull{Service: "app", Reference: "app:1", Platform: c.platform}
			problems, warnings := check.Platforms([]check.Pull{pull}, "home", "nas", c.facts, map[string]*check.Offer{"app:1": &c.offer})
			requireOne(t, "problems", details(problems), c.problem)
			requireOne(t, "warnings", warnings, c.warning)
		})
	}
}

func TestPulls_OnlyWhatIsPulled_WithThePlatformOfItsService(t *testing.T) {
	w := stackOf(service("app"), service("db"), service("made"))
	edit(w, "made", func(s *desired.Service) { s.Image.Build = &desired.Build{Hash: "x"} })
	edit(w, "app", func(s *desired.Service) {
		s.Image.Platform = "linux/arm64"
		s.Mounts = []desired.Mount{{Type: desired.MountImage, Source: "data:1", Target: "/data"}}
	})
	have := newEngine().observe("home")
	have.APIVersion = "1.48"
	have.Images["db:1"] = image("db:1", 1)
	p := plan.Build(w, have, plan.Options{})
	got := plan.Pulls(p, w)
	if len(got) != 2 || got[0] != (check.Pull{Service: "app", Reference: "app:1", Platform: "linux/arm64"}) || got[1] != (check.Pull{Service: "app", Reference: "data:1"}) {
		t.Errorf("pulls: %+v, problems: %v", got, p.Problems)
	}
}
