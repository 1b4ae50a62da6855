// Package execute runs a plan on one engine: in the plan's order, several
// operations at a time, cancellable, and with a way back when a change does not
// arrive. It decides nothing: what to do, in which order and why is the plan's.
package execute
