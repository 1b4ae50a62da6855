// Package address plans addresses: canonical CIDRs, overlaps, the subnets of a
// site and the ranges of a subnet's nodes. It is arithmetic on values: no I/O, no
// state, safe for concurrent use.
package address
