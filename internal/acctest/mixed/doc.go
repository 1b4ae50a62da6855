// Package mixed has the test of a homelab of mixed machines: nodes over ssh, TLS
// and a socket, whose power is pulled.
package mixed
