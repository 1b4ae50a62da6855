// Package bench measures the provider on a real engine against what it could
// be compared with: Terraform with a provider that does nothing, the engine's
// API used straight, and Docker Compose. A target is beside what
// a person would wait for instead (ADR 57): Docker Compose, and for what is short
// Terraform with a provider that does nothing, too. One change may take more than both
// together, since its container must stay up for half a second. Everything is measured in one run, in turns, so
// that a busy machine slows all of it alike. Run it with "make bench".
package bench
