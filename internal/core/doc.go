// Package core is the one door between the Terraform concepts and the
// core: read, preview, apply and destroy a stack on a node. It always answers
// with what is observed afterwards, also when it returns an error.
package core
