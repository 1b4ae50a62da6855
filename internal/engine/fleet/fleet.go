// Package fleet holds the nodes: names that lead to connected Docker engines.
//
// Hosts may be unix sockets, tcp addresses, machines reached over ssh, and
// environments of a Portainer. Plain tcp is accepted to loopback addresses only,
// and neither the verification of certificates nor that of host keys can be turned
// off here. No other package imports the Docker client.
package fleet

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"time"
)

// LocalNode is the name of the only node when none is configured.
const LocalNode = "local"

// DefaultConnectTimeout is how long connecting to a node may take.
const DefaultConnectTimeout = 15 * time.Second

// NodeConfig says how one engine is reached.
type NodeConfig struct {
	// Host is the engine's address: unix:///path, tcp://host[:port],
	// ssh://[user@]host[:port][/socket] or
	// portainer+https://host[:port]/endpoints/<id>.
	Host string
	// Context is the name of a Docker CLI context, in place of Host and TLS. It is
	// read when the node is first used.
	Context string
	// TLS secures a tcp host, and says which certificates to expect of a
	// Portainer; nil means no TLS for the former and the system's authorities for
	// the latter.
	TLS *TLS
	// Token is the access token for a Portainer.
	Token string
	// HostKey pins the keys of an ssh host: lines as in its ssh_host_*_key.pub
	// files. Empty means that the user's known hosts are used.
	HostKey string
	// Unknown marks a connection whose values are only known at apply; every
	// other field is then ignored.
	Unknown bool
	// ConnectTimeout bounds the one attempt to connect; 0 means the fleet's.
	ConnectTimeout time.Duration
	// KeepOffline keeps the last known state while the node is away.
	KeepOffline bool

	// origin says where an address that the configuration lacks comes from.
	origin string
}

// TLS holds the certificates of a connection. Each of the three may be a file's
// path or PEM text, not both; empty means absent. Without an authority the
// system's are trusted. Files are read when the node is first used.
type TLS struct {
	CAFile, CertFile, KeyFile string
	CA, Cert, Key             string
	// ServerName is the name expected in the engine's certificate; empty means
	// the host's.
	ServerName string
}

// Fleet is a fixed set of nodes. It is safe for concurrent use.
type Fleet struct {
	nodes        map[string]*slot
	namesUnknown bool
	timeout      time.Duration
	userAgent    string
	apiVersion   string
}

// Option changes how a [Fleet] connects.
type Option func(*Fleet)

// WithConnectTimeout bounds the attempts to connect to nodes that have no timeout
// of their own, in place of [DefaultConnectTimeout].
func WithConnectTimeout(d time.Duration) Option {
	return func(f *Fleet) { f.timeout = d }
}

// WithUserAgent sets the User-Agent header of every request.
func WithUserAgent(agent string) Option {
	return func(f *Fleet) { f.userAgent = agent }
}

// WithNamesUnknown marks the set of names as not known yet: a name that is not
// configured then yields [HostUnknown] in place of [UnknownNode].
func WithNamesUnknown() Option {
	return func(f *Fleet) { f.namesUnknown = true }
}

// New returns the fleet of the given nodes and connects to none of them. With no
// nodes it has one, [LocalNode], at the address that the Docker CLI would use:
// DOCKER_HOST, else the current Docker context, else the default socket.
// DOCKER_API_VERSION, when set, is used for every node in place of negotiation.
//
// The error joins one [*Error] for each configuration that can never work.
func New(nodes map[string]NodeConfig, opts ...Option) (*Fleet, error) {
	f := &Fleet{nodes: map[string]*slot{}, timeout: DefaultConnectTimeout, apiVersion: pinnedVersion()}
	for _, opt := range opts {
		opt(f)
	}
	if len(nodes) == 0 && !f.namesUnknown {
		local, err := localNode()
		if err != nil {
			return nil, err
		}
		nodes = map[string]NodeConfig{LocalNode: local}
	}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(nodes)) {
		if err := Check(name, nodes[name]); err != nil {
			errs = append(errs, err)
		}
		config := nodes[name]
		config.ConnectTimeout = cmp.Or(config.ConnectTimeout, f.timeout)
		f.nodes[name] = &slot{name: name, config: config}
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return f, nil
}

// Names returns the names of the nodes, sorted.
func (f *Fleet) Names() []string { return slices.Sorted(maps.Keys(f.nodes)) }

// NamesUnknown reports that the set of names is not known yet; see [WithNamesUnknown].
func (f *Fleet) NamesUnknown() bool { return f.namesUnknown }

// Node returns the connected engine of that name. The first call connects; all
// others share that one attempt, also when it failed: a node that is away costs
// its timeout once.
// Every error but ctx's own is an [*Error].
func (f *Fleet) Node(ctx context.Context, name string) (*Node, error) {
	s, ok := f.nodes[name]
	switch {
	case !ok && f.namesUnknown, ok && s.config.Unknown:
		return nil, hostUnknown(name)
	case !ok:
		return nil, unknownNode(name, f.Names())
	}
	return s.node(ctx, f.connect)
}

// Close closes the idle connections of every node; nodes remain usable.
func (f *Fleet) Close() {
	for _, s := range f.nodes {
		s.close()
	}
}
