package sops

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"
)

// Program is the name of the program that decrypts, without the extension.
const Program = "homelab-sops"

// ErrNoProgram means that homelab-sops is not beside the provider's program.
var ErrNoProgram = errors.New("no " + Program)

// Decrypt decrypts a file with whatever keys SOPS finds in the environment. What
// the file or its keys make impossible is a [*Failure]. It is safe for concurrent
// use.
func Decrypt(ctx context.Context, request Request) (Answer, error) {
	program, err := find()
	if err != nil {
		return Answer{}, err
	}
	asked, err := json.Marshal(request)
	if err != nil {
		return Answer{}, fmt.Errorf("encode request: %w", err)
	}
	cmd := exec.CommandContext(ctx, program)
	cmd.Stdin, cmd.WaitDelay = bytes.NewReader(asked), time.Second // a key service's program may outlive it
	detach(cmd)
	// What it says on standard error is left out: libraries may quote values there.
	said, err := cmd.Output()
	if ctx.Err() != nil {
		return Answer{}, ctx.Err()
	}
	if err != nil && !errors.Is(err, exec.ErrWaitDelay) { // an agent that it started may outlive it
		return Answer{}, fmt.Errorf("run %s: %w", program, err)
	}
	var answer Answer
	if err := json.Unmarshal(said, &answer); err != nil {
		return Answer{}, fmt.Errorf("read the answer of %s: not of this version", program)
	}
	if answer.Failure != nil {
		return Answer{}, answer.Failure
	}
	return answer, nil
}

// find returns the path of homelab-sops.
func find() (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("find the provider's own program: %w", err)
	}
	name := Program
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	program := filepath.Join(filepath.Dir(self), name)
	if _, err := os.Stat(program); err != nil {
		return "", fmt.Errorf("%w: %w", ErrNoProgram, err)
	}
	return program, nil
}
