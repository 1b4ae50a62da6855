package diagram

import (
	"cmp"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
)

// How many of a service's names, ports and networks are listed; a number says how many
// more there are.
const (
	maxHosts = 4
	maxPorts = 6
	// maxNetworks is for where they are only named.
	maxNetworks = 3
)

// newline separates the lines of a label.
const newline = "<br/>"

// serviceLines are the lines of a service's label, escaped.
func (p *picture) serviceLines(s Service) []string {
	name := text(s.Name)
	if s.Replicas > 1 {
		name += fmt.Sprintf(" ×%d", s.Replicas)
	}
	lines := []string{name}
	if s.Condition != "" {
		lines[0] += " (" + text(string(s.Condition)) + ")"
	}
	if p.shows(ShowImages) && s.Image != "" {
		lines = append(lines, text(s.Image))
	}
	hosts, ports := exposure(s)
	if p.level >= plainServices {
		return append(lines, summaries(counted(len(hosts), "host"), counted(len(s.Ports), "port"))...)
	}
	if p.shows(ShowHosts) {
		lines = append(lines, atMost(hosts, maxHosts, newline)...)
	}
	if p.shows(ShowPorts) {
		lines = append(lines, atMost(ports, maxPorts, " ")...)
	}
	if p.shows(ShowNetworks) {
		switch s.NetworkMode {
		case "host":
			lines = append(lines, "host network")
		case "none":
			lines = append(lines, "no network")
		}
	}
	return lines
}

// exposure lists, escaped, the names and ports by which a service is reached.
func exposure(s Service) (hosts, ports []string) {
	for _, host := range s.Hosts {
		hosts = append(hosts, text(host))
	}
	for _, port := range joined(s.Ports) {
		ports = append(ports, text(port))
	}
	return hosts, ports
}

// atMost joins some parts of a list, and says how many were left out. Nothing
// gives no line.
func atMost(list []string, limit int, separator string) []string {
	if len(list) == 0 {
		return nil
	}
	if len(list) > limit+1 {
		more := fmt.Sprintf("+%d more", len(list)-limit)
		list = append(slices.Clone(list[:limit]), more)
	}
	return []string{strings.Join(list, separator)}
}

// joined spells ports as ":8080→80/tcp", leaving out what goes without saying, and
// those that follow one another as one range.
func joined(ports []Port) []string {
	ports = slices.Clone(ports)
	slices.SortFunc(ports, func(a, b Port) int {
		return cmp.Or(strings.Compare(a.Address, b.Address), strings.Compare(a.Protocol, b.Protocol), cmp.Compare(number(a.Published), number(b.Published)),
			cmp.Compare(number(a.Target), number(b.Target)), strings.Compare(a.Published, b.Published))
	})
	ports = slices.Compact(ports)
	protocols := map[Port][]string{} // by the port without its protocol
	var order []Port
	for _, run := range runs(ports) {
		protocol := run.Protocol
		run.Protocol = ""
		if protocols[run] == nil {
			order = append(order, run)
		}
		protocols[run] = append(protocols[run], protocol)
	}
	out := make([]string, 0, len(order))
	for _, port := range order {
		out = append(out, port.spell(protocols[port]))
	}
	return out
}

// runs joins neighbours whose numbers both go up by one.
func runs(ports []Port) []Port {
	var out []Port
	var first, last Port
	flush := func() {
		if last.Published != first.Published {
			first.Published += "-" + last.Published
			first.Target += "-" + last.Target
		}
		out = append(out, first)
	}
	for i, port := range ports {
		follows := i > 0 && port.Address == last.Address && port.Protocol == last.Protocol && number(last.Published) > 0 &&
			number(port.Published) == number(last.Published)+1 && number(port.Target) == number(last.Target)+1
		if i > 0 && !follows {
			flush()
		}
		if !follows {
			first = port
		}
		last = port
	}
	if len(ports) > 0 {
		flush()
	}
	return out
}

// number is zero for what is no single number.
func number(port string) int {
	n, err := strconv.Atoi(port)
	if err != nil {
		return 0
	}
	return n
}

func (p Port) spell(protocols []string) string {
	public := cmp.Or(p.Published, "any")
	spelled := net.JoinHostPort(p.Address, public)
	if public != p.Target {
		spelled += "→" + p.Target
	}
	if !slices.Equal(protocols, []string{"tcp"}) {
		spelled += "/" + strings.Join(protocols, "+")
	}
	return spelled
}

// networkLines are the lines of a network's label, escaped.
func networkLines(n Network) []string {
	lines := []string{text(n.Name)}
	for _, subnet := range n.Subnets {
		lines = append(lines, text(subnet))
	}
	var facts []string
	if n.Driver != "" && n.Driver != "bridge" {
		fact := text(n.Driver)
		if n.Parent != "" {
			fact += " on " + text(n.Parent)
		}
		facts = append(facts, fact)
	}
	if n.Internal {
		facts = append(facts, "internal")
	}
	if len(facts) > 0 {
		lines = append(lines, strings.Join(facts, ", "))
	}
	return lines
}

// counted is "3 ports", and empty for none.
func counted(n int, word string) string {
	switch n {
	case 0:
		return ""
	case 1:
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}

// summaries joins what is not empty into one line.
func summaries(parts ...string) []string {
	parts = slices.DeleteFunc(parts, func(w string) bool { return w == "" })
	if len(parts) == 0 {
		return nil
	}
	return []string{strings.Join(parts, ", ")}
}
