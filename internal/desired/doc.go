// Package desired holds what should exist on a node: plain values that name a
// stack's services, networks and volumes in the engine's own terms, the fields
// by which they are compared with what exists, and a versioned hash of them.
//
// Nothing here does I/O, and every value may be shared between goroutines once
// it is built.
package desired
