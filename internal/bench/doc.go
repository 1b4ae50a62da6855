// Package bench measures the provider on a real engine against what it could
// be compared with: Terraform with a provider that does nothing, the engine's
// API used straight, and Docker Compose. Everything is measured in one run, in
// turns, so that a busy machine slows all of it alike. Run it with "make bench".
package bench
