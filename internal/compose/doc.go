// Package compose turns Compose documents into what should exist on a node: a
// [desired.Stack]. It is the only importer of compose-go, which parses, merges
// and checks the documents as Docker Compose does; the facts of how a service
// becomes a container are Docker Compose v5's (pkg/compose/create.go there).
//
// Loading reads files below the project directory and nothing else: neither
// the process's environment nor a .env file of the project, so a plan is the
// same on every machine. A Compose key that has no effect here is never passed
// over in silence: it is an error, or a warning of the stack.
//
// Secrets stay out of everything that is shown. Documents are loaded once with
// a marker in place of each secret, from which errors, hashes and the names of
// the fields that carry a secret are taken, and once with the real values.
package compose
