package stack_test

import (
	"archive/tar"
	"bytes"
	"strings"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/network"
)

// update is docker update of a service's first container.
func (b *bench) update(service string, config container.UpdateConfig) {
	b.Helper()
	_, err := b.engine.ContainerUpdate(b.Context(), b.container(service).ID, config)
	b.must(err)
}

// put writes a file into a service's first container.
func (b *bench) put(service, directory, name, content string) {
	b.Helper()
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	b.must(w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content))}))
	_, err := w.Write([]byte(content))
	b.must(err)
	b.must(w.Close())
	b.must(b.engine.CopyToContainer(b.Context(), b.container(service).ID, directory, &archive, container.CopyToContainerOptions{}))
}

// rejoin disconnects a service's first container and connects it otherwise.
func (b *bench) rejoin(service, key string, settings *network.EndpointSettings) {
	b.Helper()
	id := b.container(service).ID
	b.must(b.engine.NetworkDisconnect(b.Context(), b.name+"_"+key, id, true))
	b.must(b.engine.NetworkConnect(b.Context(), b.name+"_"+key, id, settings))
}

// addressed has a fixed address; the prefix is the test's own.
func addressed(prefix string) string {
	return strings.ReplaceAll(`
services:
  web: {image: "homelab.test/app:1", networks: {front: {aliases: [portal], ipv4_address: PREFIX.20}, back: {}}, ports: ["127.0.0.1::8080"]}
  db: {image: "homelab.test/app:1", networks: [back]}
networks:
  front: {ipam: {config: [{subnet: PREFIX.0/24}]}}
  back: {}
`, "PREFIX", prefix)
}

// repairs are done in place: a container that runs goes on running, and one that
// does not keeps its identity.
var repairs = []drift{
	{name: "docker update of all that was declared", compose: `
services:
  web: {image: "homelab.test/app:1", mem_limit: 64m, mem_reservation: 32m, cpus: 0.5, pids_limit: 100, restart: unless-stopped, cpu_shares: 512, cpuset: "0"}
`, byHand: func(b *bench) {
		pids := int64(50)
		b.update("web", container.UpdateConfig{RestartPolicy: container.RestartPolicy{Name: "always"}, Resources: container.Resources{
			Memory: 128 << 20, MemorySwap: 512 << 20, MemoryReservation: 16 << 20, NanoCPUs: 25e7, PidsLimit: &pids, CPUShares: 256, CpusetCpus: "0-1"}})
	}, plan: []string{`services.web.spec.deploy.resources.limits.memory: "134217728" -> "67108864"`,
		`services.web.spec.deploy.resources.reservations.memory: "16777216" -> "33554432"`,
		`services.web.spec.deploy.resources.limits.cpus: "0.25" -> "0.5"`, `services.web.spec.deploy.resources.limits.pids: "50" -> "100"`,
		`services.web.spec.restart: "always" -> "unless-stopped"`, `services.web.spec.cpu_shares: "256" -> "512"`,
		`services.web.spec.cpuset: "0-1" -> "0"`, `services.web.spec.memswap_limit: "536870912" -> (absent)`}, kept: true},
	{name: "docker update of quota and period", compose: `
services:
  web: {image: "homelab.test/app:1", cpu_quota: 50000, cpu_period: 100000}
`, byHand: func(b *bench) {
		b.update("web", container.UpdateConfig{Resources: container.Resources{CPUQuota: 20000, CPUPeriod: 50000}})
	}, plan: []string{`services.web.spec.cpu_quota: "20000" -> "50000"`, `services.web.spec.cpu_period: "50000" -> "100000"`}, kept: true},
	{name: "docker update of what can be taken away", byHand: func(b *bench) {
		pids := int64(50)
		b.update("db", container.UpdateConfig{RestartPolicy: container.RestartPolicy{Name: "on-failure", MaximumRetryCount: 3}, Resources: container.Resources{PidsLimit: &pids}})
	}, plan: []string{`services.db.spec.deploy.resources.limits.pids: "50" -> (absent)`, `services.db.spec.restart: "on-failure:3" -> (absent)`}, kept: true},
	{name: "docker update of what can not be taken away", byHand: func(b *bench) {
		b.update("db", container.UpdateConfig{Resources: container.Resources{CPUShares: 256}})
	}, plan: []string{`services.db.spec.cpu_shares: "256" -> (absent)`}, touched: []string{"db/1"}},
	{name: "docker update of a stopped container", byHand: func(b *bench) {
		b.stop("web")
		b.update("web", container.UpdateConfig{Resources: container.Resources{Memory: 128 << 20, MemorySwap: 256 << 20}})
	}, plan: []string{`services.web.spec.deploy.resources.limits.memory: "134217728" -> "67108864"`, `services.web.state: "exited" -> "running"`},
		touched: []string{"web/1"}, kept: true},
	{name: "docker update of a paused container", byHand: func(b *bench) {
		b.update("web", container.UpdateConfig{Resources: container.Resources{Memory: 128 << 20, MemorySwap: 256 << 20}})
		b.must(b.engine.ContainerPause(b.Context(), b.container("web").ID))
	}, plan: []string{`services.web.spec.deploy.resources.limits.memory: "134217728" -> "67108864"`, `services.web.state: "paused" -> "running"`}, kept: true},
	{name: "disconnected network with an address", compose: addressed("10.213.8"), byHand: func(b *bench) {
		b.must(b.engine.NetworkDisconnect(b.Context(), b.name+"_front", b.container("web").ID, true))
	}, plan: []string{`services.web.spec.networks.` + netName("front") + `: (absent) -> "attached"`,
		`services.web.spec.networks.` + netName("front") + `.aliases: (absent) -> "portal, web"`,
		`services.web.spec.networks.` + netName("front") + `.ipv4_address: (absent) -> "10.213.8.20"`}, kept: true},
	{name: "another alias and address", compose: addressed("10.213.9"), byHand: func(b *bench) {
		b.rejoin("web", "front", &network.EndpointSettings{Aliases: []string{"web", "gate"}, IPAMConfig: &network.EndpointIPAMConfig{IPv4Address: "10.213.9.21"}})
	}, plan: []string{`services.web.spec.networks.` + netName("front") + `.aliases: "gate, web" -> "portal, web"`,
		`services.web.spec.networks.` + netName("front") + `.ipv4_address: "10.213.9.21" -> "10.213.9.20"`}, kept: true},
	{name: "disconnected network of a stopped container", byHand: func(b *bench) {
		b.stop("web")
		b.must(b.engine.NetworkDisconnect(b.Context(), b.name+"_back", b.container("web").ID, true))
	}, plan: []string{`services.web.spec.networks.` + netName("back") + `: (absent) -> "attached"`,
		`services.web.spec.networks.` + netName("back") + `.aliases: (absent) -> "web"`, `services.web.state: "exited" -> "running"`},
		touched: []string{"web/1"}, kept: true},
	{name: "disconnected network of a paused container", byHand: func(b *bench) {
		b.must(b.engine.NetworkDisconnect(b.Context(), b.name+"_back", b.container("web").ID, true))
		b.must(b.engine.ContainerPause(b.Context(), b.container("web").ID))
	}, plan: []string{`services.web.spec.networks.` + netName("back") + `: (absent) -> "attached"`,
		`services.web.spec.networks.` + netName("back") + `.aliases: (absent) -> "web"`, `services.web.state: "paused" -> "running"`}, kept: true},
	{name: "connected to another network", byHand: func(b *bench) {
		b.must(b.engine.NetworkConnect(b.Context(), b.name+"_front", b.container("db").ID, nil))
	}, plan: []string{`services.db.spec.networks.` + netName("front") + `: "attached" -> (absent)`}, kept: true},
	{name: "deleted network of a stopped container", byHand: func(b *bench) {
		b.stop("web")
		b.must(b.engine.NetworkRemove(b.Context(), b.name+"_front"))
	}, plan: []string{`networks.front.driver: (absent) -> "bridge"`, `networks.front.internal: (absent) -> false`,
		`networks.front.name: (absent) -> "` + netName("front") + `"`, `services.web.state: "exited" -> "running"`},
		touched: []string{"web/1"}, kept: true},
	{name: "deleted image", compose: `
services:
  web: {image: "STACK:1"}
`, before: func(b *bench) { b.must(b.engine.ImageTag(b.Context(), "homelab.test/app:1", b.name+":1")) },
		byHand: func(b *bench) {
			_, err := b.engine.ImageRemove(b.Context(), b.name+":1", image.RemoveOptions{Force: true})
			b.must(err)
		}, plan: []string{`services.web.image: "IMAGE" -> "STACK:1"`}, kept: true},
	{name: "never started container", byHand: func(b *bench) {
		b.makeOnly("db", func(*container.Config, *container.HostConfig) {})
	}, plan: []string{`services.db.state: "created" -> "running"`}, touched: []string{"db/1"}, left: true},
	{name: "killed container", byHand: func(b *bench) {
		b.must(b.engine.ContainerKill(b.Context(), b.container("web").ID, "KILL"))
		b.eventually("the end of web", func() bool { return !b.container("web").State.Running })
	}, plan: []string{`services.web.state: "exited" -> "running"`}, touched: []string{"web/1"}, kept: true},
	{name: "unhealthy container", compose: `
services:
  web:
    image: "homelab.test/app:1"
    healthcheck: {test: [CMD, /app, health], interval: 200ms, retries: 1}
`, byHand: func(b *bench) {
		_, err := b.exec("web", "/app", "health", "-url", "http://127.0.0.1:8080/sicken")
		b.must(err)
		b.eventually("web is unhealthy", func() bool { return b.container("web").State.Health.Status == container.Unhealthy })
	}, plan: []string{`services.web.state: "unhealthy" -> "healthy"`}, touched: []string{"web/1"}, kept: true},
	{name: "restarting container", compose: `
services:
  web: {image: "homelab.test/app:1", command: [serve, -broken, /broken], restart: always}
`, byHand: func(b *bench) {
		b.put("web", "/", "broken", "yes")
		_, err := b.exec("web", "/app", "health", "-url", "http://127.0.0.1:8080/exit")
		b.must(err)
		b.eventually("web restarts again and again", func() bool { // by then the engine waits long enough for a plan
			c := b.container("web")
			return c.RestartCount >= 8 && c.State.Restarting
		})
		b.put("web", "/", "broken", "no")
	}, plan: []string{`services.web.state: "restarting" -> "running"`}, touched: []string{"web/1"}, kept: true},
}
