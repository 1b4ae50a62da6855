// Package buildkit builds images with the BuildKit that is part of a Docker
// engine, through connections that the engine's API hands over.
//
// A build is two such connections: on one the build is asked for and followed
// (moby/buildkit's own client), on the other, the session, the engine asks back
// for the context's files, secrets, SSH keys and credentials, as the steps need
// them. So files are streamed, only those that are used, and a secret is sent to
// the step that mounts it and kept nowhere.
package buildkit
