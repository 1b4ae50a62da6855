// Package diagram draws a homelab as a Mermaid flowchart that GitHub renders.
//
// It takes values and returns text: no I/O, no clock. The same homelab gives the
// same text, and one more service adds its own lines and changes no other's.
package diagram
