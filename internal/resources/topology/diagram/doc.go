// Package diagram draws a homelab as a Mermaid flowchart that GitHub renders.
//
// It takes values and returns text: no I/O, no clock. The same homelab gives the
// same text, and one more service adds its own lines and leaves the others', but
// for the line by which all of a stack joins a network.
package diagram
