//go:build !linux

package uml

import "errors"

// Supported always fails on this system.
func Supported() error {
	return errors.New("a guest with its own kernel needs Linux")
}

// MaybeInit does nothing on this system.
func MaybeInit() {}
