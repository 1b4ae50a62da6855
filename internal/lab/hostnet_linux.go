package lab

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// hostPool is where a HostNetwork lab's networks come from, clear of the ranges
// (172.17.0.0/12, 192.168.0.0/16) of a Docker that the machine may run as well.
// dockerd itself avoids ranges for which the machine has a route.
const hostPool = "10.214.0.0/16"

const forwardingFile = "/proc/sys/net/ipv4/ip_forward"

// filters are the packet filter programs, and the tables in which engines write.
var (
	filters = []string{"iptables", "ip6tables"}
	tables  = []string{"filter", "nat", "raw", "mangle"}
)

// prepareHost notes how the machine's network is, and adds the lab's default
// bridge. The engine gets a bridge of its own, since docker0 may be another's.
func (r *record) prepareHost(ctx context.Context) error {
	b, err := os.ReadFile(forwardingFile)
	if err != nil {
		return fmt.Errorf("read ip_forward: %w", err)
	}
	r.Before = hostNetwork{Forwarding: strings.TrimSpace(string(b)), ForwardPolicy: map[string]string{}}
	for _, program := range filters {
		for _, rule := range rules(ctx, program, "filter") {
			if strings.HasPrefix(rule, "-P FORWARD ") {
				r.Before.ForwardPolicy[program] = strings.TrimPrefix(rule, "-P FORWARD ")
			}
			r.Before.Chains = r.Before.Chains || strings.HasPrefix(rule, "-N DOCKER")
		}
	}
	if r.Subnet, err = freeSubnet(r.ID); err != nil {
		return err
	}
	if err := r.save(); err != nil { // before the first change
		return err
	}
	return ip(ctx,
		fmt.Sprintf("link add %s type bridge", r.bridge()),
		fmt.Sprintf("addr add %s.1/24 dev %s", r.Subnet, r.bridge()),
		fmt.Sprintf("link set %s up", r.bridge()))
}

// freeSubnet picks a /24 of 10.213.0.0/16 that no interface of the machine has.
func freeSubnet(id string) (string, error) {
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return "", fmt.Errorf("read the machine's addresses: %w", err)
	}
	var first int
	if _, err := fmt.Sscanf(id, "%02x", &first); err != nil {
		return "", fmt.Errorf("read lab id: %w", err)
	}
	for i := range 256 {
		subnet := fmt.Sprintf("10.213.%d", (first+i)%256)
		_, want, _ := net.ParseCIDR(subnet + ".0/24")
		taken := false
		for _, a := range addresses {
			if have, ok := a.(*net.IPNet); ok && (have.Contains(want.IP) || want.Contains(have.IP)) {
				taken = true
			}
		}
		if !taken {
			return subnet, nil
		}
	}
	return "", fmt.Errorf("find a free subnet: the machine uses all of 10.213.0.0/16")
}

// restoreHost takes the engine's changes to the machine's network back, after its
// processes ended: its bridges, the rules that name them, and where no other
// engine was or is there, also the chains, the policy and forwarding.
func (r record) restoreHost(ctx context.Context) error {
	mine, err := r.removeBridges(ctx)
	if err != nil {
		return err
	}
	alone := !r.Before.Chains && r.Before.Forwarding != "" && !engineRuns()
	for _, program := range filters {
		for _, table := range tables {
			removeRules(ctx, program, table, func(rule string) bool {
				return mine.in(rule) || alone && strings.Contains(rule, " DOCKER")
			})
			if alone {
				removeChains(ctx, program, table)
			}
		}
	}
	if !alone {
		return nil
	}
	for program, policy := range r.Before.ForwardPolicy {
		if _, err := command(ctx, "", program, "-w", "-P", "FORWARD", policy); err != nil {
			return fmt.Errorf("restore policy: %w", err)
		}
	}
	if err := os.WriteFile(forwardingFile, []byte(r.Before.Forwarding), 0o644); err != nil {
		return fmt.Errorf("restore ip_forward: %w", err)
	}
	return nil
}

// removeBridges removes the lab's bridges and returns what they were.
func (r record) removeBridges(ctx context.Context) (segments, error) {
	mine := segments{names: r.bridges()}
	for _, name := range mine.names {
		bridge, err := net.InterfaceByName(name)
		if err != nil {
			continue
		}
		addresses, _ := bridge.Addrs() // none is no matter: rules name the bridge too
		mine.addresses = append(mine.addresses, addresses...)
		if err := ip(ctx, "link del "+name); err != nil {
			return mine, fmt.Errorf("remove bridge %s: %w", name, err)
		}
	}
	return mine, nil
}

var (
	networkID  = regexp.MustCompile(`[0-9a-f]{64}`)
	bridgeName = regexp.MustCompile(`com\.docker\.network\.bridge\.name\\*":\\*"([A-Za-z0-9_.-]{1,15})`)
)

// bridges are the interfaces that the engine made, from its own store of
// networks: there is nobody left to ask. A bridge is named after its network
// unless an option names it.
func (r record) bridges() []string {
	names := []string{r.bridge()}
	store, err := os.ReadFile(filepath.Join(r.rootDir(r.Nodes[0].Name), "var/lib/docker/network/files/local-kv.db"))
	if err != nil {
		return names // the engine never came that far
	}
	for _, id := range networkID.FindAllString(string(store), -1) {
		names = append(names, "br-"+id[:12])
	}
	for _, m := range bridgeName.FindAllStringSubmatch(string(store), -1) {
		if m[1] != "docker0" {
			names = append(names, m[1])
		}
	}
	return names
}

// rules lists a table as commands; nothing where the program or table is missing.
func rules(ctx context.Context, program, table string) []string {
	if _, err := exec.LookPath(program); err != nil {
		return nil
	}
	out, err := command(ctx, "", program, "-w", "-t", table, "-S")
	if err != nil {
		return nil
	}
	return strings.Split(strings.TrimSpace(out), "\n")
}

// removeRules deletes the rules that match. Another program may change the table
// meanwhile, so one that is gone already is no matter.
func removeRules(ctx context.Context, program, table string, match func(rule string) bool) {
	for _, rule := range rules(ctx, program, table) {
		if strings.HasPrefix(rule, "-A ") && !strings.Contains(rule, `"`) && match(rule) {
			args := append([]string{"-w", "-t", table, "-D"}, strings.Fields(rule)[1:]...)
			_, _ = command(ctx, "", program, args...)
		}
	}
}

// removeChains deletes the engine's chains, which no rule uses any more.
func removeChains(ctx context.Context, program, table string) {
	for _, rule := range rules(ctx, program, table) {
		if chain, found := strings.CutPrefix(rule, "-N DOCKER"); found {
			_, _ = command(ctx, "", program, "-w", "-t", table, "-F", "DOCKER"+chain)
			_, _ = command(ctx, "", program, "-w", "-t", table, "-X", "DOCKER"+chain)
		}
	}
}

// segments are a lab's bridges, and the addresses they had.
type segments struct {
	names     []string
	addresses []net.Addr
}

// in reports whether a packet filter rule is about one of the segments. The rule
// that lets a container reach its own published port names its address alone.
func (s segments) in(rule string) bool {
	for _, word := range strings.Fields(rule) {
		if slices.Contains(s.names, word) {
			return true
		}
		ip, _, err := net.ParseCIDR(word)
		for _, a := range s.addresses {
			if subnet, ok := a.(*net.IPNet); ok && err == nil && subnet.Contains(ip) {
				return true
			}
		}
	}
	return false
}

// engineRuns reports whether a dockerd uses this network namespace.
func engineRuns() bool {
	own, err := os.Readlink("/proc/self/ns/net")
	if err != nil {
		return true
	}
	comms, _ := filepath.Glob("/proc/[0-9]*/comm")
	for _, comm := range comms {
		name, _ := os.ReadFile(comm)
		ns, _ := os.Readlink(filepath.Join(filepath.Dir(comm), "ns/net"))
		if strings.TrimSpace(string(name)) == "dockerd" && ns == own {
			return true
		}
	}
	return false
}
