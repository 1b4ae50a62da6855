// Package observed holds what exists on a node, read through narrow interfaces
// and turned into plain values that compare with package desired's. It only
// ever sends reads to the engine.
package observed
