package fleet

import (
	"context"
	"net"
	"time"
)

// dialer makes the connections to a tcp host. Connecting takes no longer than the
// node's limit, in place of the client's own ten seconds, and so does noticing
// that the node is gone: a call that waits for a machine whose power was pulled
// would otherwise wait for as long as the system sends again, a quarter of an hour.
func (c NodeConfig) dialer() func(ctx context.Context, network, address string) (net.Conn, error) {
	pause := max(time.Second, c.ConnectTimeout/keepAlives)
	d := &net.Dialer{
		Timeout:         c.ConnectTimeout,
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: pause, Interval: pause, Count: keepAlives},
		Control:         giveUpAfter(c.ConnectTimeout),
	}
	return d.DialContext
}

// keepAlives is how many signs of life may stay without an answer.
const keepAlives = 3
