package main

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/homelab-iac/terraform-provider-homelab/internal/lab/uml"
)

// modprobe loads modules by name or alias with what they need. Flags are not
// looked at: the kernel's and dockerd's only ask for quiet or for all.
func modprobe(args []string) error {
	var release unix.Utsname
	if err := unix.Uname(&release); err != nil {
		return fmt.Errorf("ask for the release: %w", err)
	}
	dir := filepath.Join(uml.ModulesDir, unix.ByteSliceToString(release.Release[:]))
	var errs []error
	for _, name := range args {
		if !strings.HasPrefix(name, "-") {
			errs = append(errs, load(dir, name))
		}
	}
	return errors.Join(errs...)
}

// load loads one module. Of an alias that several modules have, all are loaded,
// and one is enough.
func load(dir, name string) error {
	names, err := resolve(dir, canonical(name))
	if err != nil {
		return err
	}
	var errs []error
	for _, name := range names {
		err := insert(dir, name)
		if err == nil {
			return nil
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// canonical is a module's name as the kernel writes it.
func canonical(name string) string { return strings.ReplaceAll(name, "-", "_") }

// resolve returns the modules that an alias stands for, or the name itself. An
// alias is a pattern (modules.alias, depmod(8)).
func resolve(dir, name string) ([]string, error) {
	b, err := os.ReadFile(filepath.Join(dir, "modules.alias"))
	if err != nil {
		return nil, fmt.Errorf("read aliases: %w", err)
	}
	var names []string
	for line := range strings.Lines(string(b)) {
		fields := strings.Fields(line)
		if len(fields) != 3 || fields[0] != "alias" {
			continue
		}
		if ok, err := path.Match(canonical(fields[1]), name); ok && err == nil {
			names = append(names, canonical(fields[2]))
		}
	}
	return append(names, name), nil
}

// insert loads a module by its name, after what it needs. A built-in one, and one
// that is loaded already, is no error.
func insert(dir, name string) error {
	for _, list := range []string{"modules.dep", "modules.builtin"} {
		b, err := os.ReadFile(filepath.Join(dir, list))
		if err != nil {
			return fmt.Errorf("read modules: %w", err)
		}
		for line := range strings.Lines(string(b)) {
			file, needs, ok := strings.Cut(strings.TrimSpace(line), ":")
			if canonical(strings.TrimSuffix(path.Base(file), ".ko")) != name {
				continue
			}
			if !ok {
				return nil // built in
			}
			// The list is in the order of unloading.
			order := append([]string{file}, strings.Fields(needs)...)
			slices.Reverse(order)
			return insertFiles(dir, order)
		}
	}
	return fmt.Errorf("no module %s", name)
}

func insertFiles(dir string, files []string) error {
	for _, name := range files {
		file, err := os.Open(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		err = unix.FinitModule(int(file.Fd()), "", 0)
		file.Close()
		if err != nil && !errors.Is(err, unix.EEXIST) {
			return fmt.Errorf("load %s: %w", name, err)
		}
	}
	return nil
}
